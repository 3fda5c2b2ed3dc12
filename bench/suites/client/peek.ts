import type { User } from '@rollcall/user-client';
import { LRUCache } from 'lru-cache';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare } from '../../harness/compare.ts';
import { perSecond } from '../../harness/interleave.ts';
import { fill, openClient } from './open-client.ts';

const USERS = 8_192;
const PEEKS = 3_000_000;

/** What a look into the memory costs, without any promise. */
export const peek: BenchCase = {
  name: 'peek',
  doc: 'peek at a known user, against lru-cache get',
  async run({ world, rounds }) {
    const ids = await world.users(USERS);
    await using client = await openClient(world);
    await fill(client, ids);
    const lru = new LRUCache<string, User>({ max: USERS });
    // Keyed as a service would, by what the user says: the ids that are asked for come with other rows, for both sides.
    for (const user of ids.map((id) => client.peek(id) as User)) lru.set(user.id, user);

    const playOurs = () => {
      let found = 0;
      for (let i = 0; i < PEEKS; i++) {
        const user = client.peek(ids[i % USERS] as string);
        if (user !== undefined && user.version > 0n) found++;
      }
      expectAll(found);
    };
    const playPeer = () => {
      let found = 0;
      for (let i = 0; i < PEEKS; i++) {
        const user = lru.get(ids[i % USERS] as string);
        if (user !== undefined && user.version > 0n) found++;
      }
      expectAll(found);
    };
    return await compare({
      ours: { name: 'peek', measure: () => perSecond(PEEKS, playOurs) },
      peers: [{ name: 'lru-cache get', measure: () => perSecond(PEEKS, playPeer) }],
      unit: 'peeks/s',
      target: { of: 'ratio', bound: 'at least', figure: 0.7 },
      rounds,
      warmUps: 2,
    });
  },
};

function expectAll(found: number): void {
  if (found !== PEEKS) throw new Error(`${PEEKS - found} of ${PEEKS} users were not answered`);
}
