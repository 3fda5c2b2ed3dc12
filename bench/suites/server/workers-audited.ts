import { UserService, UserView } from '@rollcall/contract/user';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare } from '../../harness/compare.ts';
import { startAuth } from '../../world/start-auth.ts';
import { GET_USERS, GETS_IN_FLIGHT, getRequests } from './get-requests.ts';
import { type Load, openLoad, type Prepared } from './load.ts';

/** Whether processes wait for one another where each read is written into the audit log before its answer leaves. */
export const workersAudited: BenchCase = {
  name: 'workers-audited',
  doc: 'what a second worker gains for GetUser with contact data, which is audited, against what it gains for names; fsync on',
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
      notes: [`contact data: ${tell(rates, 'one')} gets/s by one worker, ${tell(rates, 'two')} by two`],
    };
  },
};

type Rates = Readonly<Record<'one' | 'two', Awaited<ReturnType<Load['play']>>>>;

function tell(rates: readonly Rates[], key: keyof Rates): string {
  const sorted = rates.map((each) => each[key]).sort((a, b) => a - b);
  return String(Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0));
}
