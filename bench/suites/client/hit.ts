import type { User, UserClient } from '@rollcall/user-client';
import { LRUCache } from 'lru-cache';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare, perSecond } from '../../harness/compare.ts';
import { fill, openClient } from './open-client.ts';

const USERS = 8_192;
const GETS = 1_000_000;
const PEEKS = 3_000_000;

/** Cost of an awaited `getUser` when the user is cached. */
export const hit: BenchCase = {
  name: 'hit',
  doc: 'awaited getUser of a known user, against an async function around lru-cache',
  async run({ world, rounds }) {
    const ids = await world.users(USERS);
    await using client = await openClient(world);
    await fill(client, ids);
    const lru = copyToLru(client, ids);
    const get = async (id: string) => lru.get(id);

    // Two separate loops, so that the engine compiles each for the one function that it calls.
    const playOurs = async () => {
      let found = 0;
      for (let i = 0; i < GETS; i++) {
        const user = await client.getUser(ids[i % USERS] as string);
        if (user.version > 0n) found++;
      }
      expectAll(found, GETS);
    };
    const playPeer = async () => {
      let found = 0;
      for (let i = 0; i < GETS; i++) {
        const user = await get(ids[i % USERS] as string);
        if (user !== undefined && user.version > 0n) found++;
      }
      expectAll(found, GETS);
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

/** Cost of `peek`, which reads the cache without a promise. */
export const peek: BenchCase = {
  name: 'peek',
  doc: 'peek at a known user, against lru-cache get',
  async run({ world, rounds }) {
    const ids = await world.users(USERS);
    await using client = await openClient(world);
    await fill(client, ids);
    const lru = copyToLru(client, ids);

    const playOurs = () => {
      let found = 0;
      for (let i = 0; i < PEEKS; i++) {
        const user = client.peek(ids[i % USERS] as string);
        if (user !== undefined && user.version > 0n) found++;
      }
      expectAll(found, PEEKS);
    };
    const playPeer = () => {
      let found = 0;
      for (let i = 0; i < PEEKS; i++) {
        const user = lru.get(ids[i % USERS] as string);
        if (user !== undefined && user.version > 0n) found++;
      }
      expectAll(found, PEEKS);
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

function copyToLru(client: UserClient, ids: readonly string[]): LRUCache<string, User> {
  const lru = new LRUCache<string, User>({ max: USERS });
  // Keyed by the user's own id text, as a service would: each lookup uses another copy of that text, on both
  // sides.
  for (const user of ids.map((id) => client.peek(id) as User)) lru.set(user.id, user);
  return lru;
}

function expectAll(found: number, count: number): void {
  if (found !== count) throw new Error(`${count - found} of ${count} users were not answered`);
}
