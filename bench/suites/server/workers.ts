import { cpus } from 'node:os';
import { UserService, UserView } from '@rollcall/contract/user';
import type { BenchCase, BenchContext } from '../../harness/bench-case.ts';
import { compare } from '../../harness/compare.ts';
import { startAuth } from '../../world/start-services.ts';
import { GET_USERS, GETS_IN_FLIGHT, getRequests } from './get.ts';
import { type Load, openLoad, type Prepared } from './load.ts';

/**
 * Gain of a second worker. The load takes part of a core, so that two cores are never both free for workers.
 */
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

// Shares during the work: this process's of one core, and all processes' of all cores.
async function shares(work: () => Promise<unknown>): Promise<{ load: number; busy: number }> {
  const [own, all, startAt] = [process.cpuUsage(), coreTimes(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(own);
  const [idle, total] = [coreTimes().idle - all.idle, coreTimes().total - all.total];
  return { load: (user + system) / 1000 / (performance.now() - startAt), busy: 1 - idle / total };
}

// Sums over all cores since boot, in milliseconds.
function coreTimes(): { idle: number; total: number } {
  const times = cpus().map(({ times }) => times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  const total = times.reduce((sum, each) => sum + each.user + each.nice + each.sys + each.irq + each.idle, 0);
  return { idle, total };
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Gain of a second worker when each read is written to the audit log before its answer leaves. */
export const workersAudited: BenchCase = {
  name: 'workers-audited',
  doc: 'gain of a second worker for GetUser with audited contact data, against its gain for names; fsync on',
  async run({ world, rounds }) {
    const { postgres, ids } = await world.durableUsers(GET_USERS);
    await using stack = new AsyncDisposableStack();
    const open = async (count: string) => {
      const auth = stack.use(await startAuth(postgres.databaseUrl('auth'), { AUTH_WORKERS: count }));
      return stack.use(await openLoad(auth.address, UserService.method.getUser, GETS_IN_FLIGHT));
    };
    const [one, two] = [await open('1'), await open('2')];
    const audited = getRequests(world.tenantId, ids, UserView.BASIC);
    const unaudited = getRequests(world.tenantId, ids, UserView.REFERENCE);
    const rates: Rates[] = [];
    const gain = async (requests: readonly Prepared[]) => {
      const measured = { one: await one.play(requests), two: await two.play(requests) };
      if (requests === audited) rates.push(measured);
      return measured.two / measured.one;
    };
    const measured = await compare({
      ours: { name: 'contact data', measure: () => gain(audited) },
      peers: [{ name: 'names', measure: () => gain(unaudited) }],
      unit: 'times as many with two',
      target: { of: 'ratio', bound: 'at least', figure: 0.95 },
      rounds,
      warmUps: 2,
    });
    return {
      ...measured,
      notes: [
        `contact data: ${medianRate(rates, 'one')} gets/s by one worker, ${medianRate(rates, 'two')} by two`,
      ],
    };
  },
};

type Rates = Readonly<Record<'one' | 'two', Awaited<ReturnType<Load['play']>>>>;

function medianRate(rates: readonly Rates[], key: keyof Rates): string {
  const sorted = rates.map((each) => each[key]).sort((a, b) => a - b);
  return String(Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0));
}
