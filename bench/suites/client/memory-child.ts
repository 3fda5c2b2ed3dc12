// The case `memory` runs this with --expose-gc. It fills the client's cache or a bare lru-cache and writes
// the heap bytes of each user.
import { createUserClient, type User } from '@rollcall/user-client';
import { LRUCache } from 'lru-cache';
import { userIds } from '../../world/seed.ts';
import { createFetcher, NEVER_STALE_MS, NO_BOUND_BYTES, TIMEOUT_MS } from './open-client.ts';

interface Holder {
  read(ids: readonly string[]): Promise<unknown>;
  count(): number;
}

const IDS_PER_CALL = 500;
const [name, address = '', tenantId = '', countText = ''] = process.argv.slice(2);
const count = Number(countText);
const { gc } = globalThis;
if (gc === undefined) throw new Error('run this with --expose-gc');

const bytesBefore = measureHeap(gc);
const holder = name === 'client' ? holdByClient() : holdByLru();
for (let first = 1; first <= count; first += IDS_PER_CALL) {
  await holder.read(userIds(first, Math.min(first + IDS_PER_CALL - 1, count)));
}
const bytes = measureHeap(gc) - bytesBefore;
if (holder.count() !== count) throw new Error(`${holder.count()} of ${count} users are in the cache`);
process.stdout.write(`${bytes / count}\n`);
process.exit();

function holdByClient(): Holder {
  const options = {
    ttlMs: NEVER_STALE_MS,
    timeoutMs: TIMEOUT_MS,
    maxEntries: count,
    maxBytes: NO_BOUND_BYTES,
  };
  const client = createUserClient({ address, tenantId, ...options });
  return { read: (ids) => client.getUsers(ids), count: () => client.stats().entries };
}

function holdByLru(): Holder {
  const fetcher = createFetcher(address, tenantId);
  const lru = new LRUCache<string, User>({ max: count });
  return {
    async read(ids) {
      // The key is the id text that the user already holds.
      for (const user of await fetcher.fetch(ids)) lru.set(user.id, user);
    },
    count: () => lru.size,
  };
}

function measureHeap(collect: () => void): number {
  // Several times: finalizers of the first collection release more.
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
