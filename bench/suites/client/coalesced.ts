import type { User } from '@rollcall/user-client';
import type { BenchContext, Measured } from '../../harness/bench-case.ts';
import { compare } from '../../harness/compare.ts';
import { perSecond } from '../../harness/interleave.ts';
import { openClient } from './open-client.ts';

/** Callers at a time. */
export const CALLERS = 512;
const GETS_PER_CALLER = 10;
const GETS = CALLERS * GETS_PER_CALLER;
const USERS = 100_000;
const WARM_UPS = 2;

/** A client that sends one call per user. */
export interface UnaryPeer {
  readonly name: string;
  get(id: string): Promise<User | undefined>;
}

/** Measures callers who each ask for users that nobody has asked for before. */
export async function compareCoalesced(
  { world, rounds }: BenchContext,
  peer: UnaryPeer,
  figure: number,
): Promise<Measured> {
  const ids = await world.users(USERS);
  await using client = await openClient(world, { maxEntries: GETS });
  // Nobody is asked for twice, by whomever: the service remembers users, and whoever asks second is spared the database.
  // Rounds that together ask for more users than there are begin again with those that were forgotten long ago.
  let asked = 0;
  const measure = (get: UnaryPeer['get']) => () => {
    const from = asked;
    asked += GETS;
    return perSecond(GETS, () => play(get, from));
  };
  const play = (get: UnaryPeer['get'], from: number) => {
    const caller = async (_: unknown, n: number) => {
      for (let k = 0; k < GETS_PER_CALLER; k++) {
        const id = ids[(from + k * CALLERS + n) % USERS] as string;
        const user = await get(id);
        if (user?.id !== id) throw new Error(`asked for user ${id}, answered ${user?.id}`);
      }
    };
    return Promise.all(Array.from({ length: CALLERS }, caller));
  };
  return await compare({
    ours: { name: 'getUser', measure: measure((id) => client.getUser(id)) },
    peers: [{ name: peer.name, measure: measure(peer.get) }],
    unit: 'gets/s',
    target: { of: 'ratio', bound: 'at least', figure },
    rounds,
    warmUps: WARM_UPS,
  });
}
