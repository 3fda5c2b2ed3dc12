import { cpus } from 'node:os';
import { UserService } from '@rollcall/contract/user';
import type { BenchCase, BenchContext } from '../../harness/bench-case.ts';
import { compare } from '../../harness/compare.ts';
import { GET_USERS, GETS_IN_FLIGHT, getRequests } from './get-requests.ts';
import { openLoad } from './load.ts';

/** What a second process is worth. The load needs a core as well, so that two cores are never both free for the workers. */
export const workers: BenchCase = {
  name: 'workers',
  doc: 'GetUser of users in the cache: two worker processes behind one port, against one',
  async run({ world, rounds }: BenchContext) {
    const requests = getRequests(world.tenantId, await world.users(GET_USERS));
    await using stack = new AsyncDisposableStack();
    const open = async (count: string) => {
      const { address } = stack.use(await world.startAuth({ AUTH_WORKERS: count }));
      return stack.use(await openLoad(address, UserService.method.getUser, GETS_IN_FLIGHT));
    };
    const [one, two] = [await open('1'), await open('2')];
    const measured = await compare({
      ours: { name: 'two workers', measure: () => two.play(requests) },
      peers: [{ name: 'one worker', measure: () => one.play(requests) }],
      unit: 'gets/s',
      target: { of: 'ratio', bound: 'at least', figure: 1.6 },
      rounds,
      warmUps: 3,
    });
    const { load, busy } = await shares(() => two.play(requests));
    return {
      ...measured,
      notes: [
        `two workers and the load kept ${cpus().length} cores busy to ${percent(busy)}, the load itself one of them to ${percent(load)}`,
      ],
    };
  },
};

// While the work goes on: what this process takes of one core, and what everybody takes of all of them.
async function shares(work: () => Promise<unknown>): Promise<{ load: number; busy: number }> {
  const [own, all, startAt] = [process.cpuUsage(), coreTimes(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(own);
  const [idle, total] = [coreTimes().idle - all.idle, coreTimes().total - all.total];
  return { load: (user + system) / 1000 / (performance.now() - startAt), busy: 1 - idle / total };
}

// Of all cores since the machine began, in ms.
function coreTimes(): { idle: number; total: number } {
  const times = cpus().map(({ times }) => times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  const total = times.reduce((sum, each) => sum + each.user + each.nice + each.sys + each.irq + each.idle, 0);
  return { idle, total };
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
