import type { User, UserClient } from '@rollcall/user-client';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare, createBusyShare, perSecond } from '../../harness/compare.ts';
import { type CachingPeer, createMixedPeers } from './mixed-peers.ts';
import { createMixedRequests, MIXED_ENTRIES, MIXED_USERS } from './mixed-requests.ts';
import { fill, openClient, openFetcher, type UserFetcher } from './open-client.ts';

const GETS = 100_000;
/** Callers at the same time. Each waits for its answer before it asks again. */
const CALLERS = 64;
const IDS_PER_CALL = 500;

type Get = (id: string) => Promise<User | null | undefined>;

/** The usual mix of requests: most users are cached, some are not. */
export const mixed: BenchCase = {
  name: 'mixed',
  doc: '95 of 100 gets known, 1M users by Zipf, 64 callers, against caching libraries over the same RPC',
  async run({ world, rounds }) {
    await world.users(MIXED_USERS);
    const requests = createMixedRequests();
    await using client = await openClient(world, { maxEntries: MIXED_ENTRIES });
    await fill(client, requests.settled);
    using fetcher = await openFetcher(world);
    const peers = createMixedPeers(fetcher);
    await fillPeers(peers, requests.settled, fetcher);

    // Each round and contestant has its own requests: the service caches users, so that a second reader of
    // the same requests would skip the database.
    const measure = (get: Get) => () => {
      const ids = requests.next(GETS);
      return perSecond(GETS, () => play(get, ids));
    };
    const busy = createBusyShare();
    const measureOurs = measure((id) => client.getUser(id));
    const before = client.stats();
    const measured = await compare({
      ours: { name: 'getUser', measure: () => busy.during(measureOurs) },
      peers: peers.map(({ name, get }) => ({ name, measure: measure(get) })),
      unit: 'gets/s',
      target: { of: 'ratio', bound: 'at least', figure: 1.5 },
      rounds,
    });
    const notes = [
      ...(measured.notes ?? []),
      describeHits(client, before),
      `our thread was busy for ${busy.percent()} % of the time; else all callers waited for the service`,
    ];
    return { ...measured, notes };
  },
};

async function fillPeers(peers: readonly CachingPeer[], ids: readonly string[], fetcher: UserFetcher) {
  for (let at = 0; at < ids.length; at += IDS_PER_CALL) {
    const part = ids.slice(at, at + IDS_PER_CALL);
    for (const [i, user] of (await fetcher.fetch(part)).entries()) {
      for (const peer of peers) await peer.put(part[i] as string, user);
    }
  }
}

async function play(get: Get, ids: readonly string[]): Promise<void> {
  let at = 0;
  const caller = async () => {
    while (at < ids.length) {
      const id = ids[at++] as string;
      const user = await get(id);
      if (user?.id !== id) throw new Error(`asked for user ${id}, answered ${user?.id}`);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

function describeHits(client: UserClient, before: ReturnType<UserClient['stats']>): string {
  const { hits, misses, coalesced } = client.stats();
  const hitsHere = hits - before.hits;
  const asked = hitsHere + misses - before.misses + coalesced - before.coalesced;
  return `${((100 * hitsHere) / asked).toFixed(1)} % of our gets were known`;
}
