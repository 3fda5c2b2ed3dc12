import type { User } from '@rollcall/user-client';
import { LRUCache } from 'lru-cache';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare } from '../../harness/compare.ts';
import { perSecond } from '../../harness/interleave.ts';
import { fill, openClient } from './open-client.ts';

const USERS = 8_192;
const GETS = 1_000_000;

/** What the promise of an answer costs where the answer is in memory. */
export const hit: BenchCase = {
  name: 'hit',
  doc: 'awaited getUser of a known user, against an async function around lru-cache',
  async run({ world, rounds }) {
    const ids = await world.users(USERS);
    await using client = await openClient(world);
    await fill(client, ids);
    const lru = new LRUCache<string, User>({ max: USERS });
    // Keyed as a service would, by what the user says: the ids that are asked for come with other rows, for both sides.
    for (const user of ids.map((id) => client.peek(id) as User)) lru.set(user.id, user);
    const get = async (id: string) => lru.get(id);

    // Each loop stands by itself, so that the engine compiles it for the one thing that it calls.
    const playOurs = async () => {
      let found = 0;
      for (let i = 0; i < GETS; i++) {
        const user = await client.getUser(ids[i % USERS] as string);
        if (user.version > 0n) found++;
      }
      expectAll(found);
    };
    const playPeer = async () => {
      let found = 0;
      for (let i = 0; i < GETS; i++) {
        const user = await get(ids[i % USERS] as string);
        if (user !== undefined && user.version > 0n) found++;
      }
      expectAll(found);
    };
    return await compare({
      ours: { name: 'getUser', measure: () => perSecond(GETS, playOurs) },
      peers: [{ name: 'async lru-cache get', measure: () => perSecond(GETS, playPeer) }],
      unit: 'gets/s',
      target: { of: 'ratio', bound: 'at least', figure: 0.5 },
      rounds,
      warmUps: 2,
    });
  },
};

function expectAll(found: number): void {
  if (found !== GETS) throw new Error(`${GETS - found} of ${GETS} users were not answered`);
}
