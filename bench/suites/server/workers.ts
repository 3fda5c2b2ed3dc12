import { availableParallelism } from 'node:os';
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
    const load = await share(() => two.play(requests));
    const cores = availableParallelism();
    return {
      ...measured,
      notes: [
        `the load itself took ${Math.round(100 * load)} % of one of ${cores} cores, the database what it needs`,
      ],
    };
  },
};

// Of one core, what this process took of it while the work went on.
async function share(work: () => Promise<unknown>): Promise<number> {
  const [before, startAt] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - startAt);
}
