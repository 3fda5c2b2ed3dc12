import type { User } from '@rollcall/user-client';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import DataLoader from 'dataloader';
import { Loader } from 'layered-loader/core';
import { LRUCache } from 'lru-cache';
import { MIXED_ENTRIES } from './mixed-requests.ts';
import { NEVER_STALE_MS, type UserFetcher } from './open-client.ts';

/** A caching library in the place of the user client. */
export interface CachingPeer {
  readonly name: string;
  get(id: string): Promise<User | null | undefined>;
  /** Puts a user into its cache. */
  put(id: string, user: User): unknown;
}

/**
 * Creates every peer at the settings that its documentation calls the fastest, with the size and ttl of our
 * cache. A library that cannot batch misses gets dataloader's batching, so that no peer pays for one call per
 * user.
 */
export function createMixedPeers(fetcher: UserFetcher): CachingPeer[] {
  return [withDataLoader(fetcher), withLayeredLoader(fetcher), withBentoCache(fetcher)];
}

/** Batches the ids of one tick, at most 500. It caches nothing: the cache coalesces callers of one id. */
function createBatcher(fetcher: UserFetcher): DataLoader<string, User> {
  return new DataLoader((ids) => fetcher.fetch(ids), { cache: false, maxBatchSize: 500 });
}

function withDataLoader(fetcher: UserFetcher): CachingPeer {
  const users = new LRUCache<string, User>({ max: MIXED_ENTRIES, ttl: NEVER_STALE_MS });
  const open = new Map<string, Promise<User>>();
  const batcher = createBatcher(fetcher);
  const load = (id: string) => {
    const loading = batcher
      .load(id)
      .then((user) => {
        users.set(id, user);
        return user;
      })
      .finally(() => open.delete(id));
    open.set(id, loading);
    return loading;
  };
  return {
    name: 'dataloader + lru-cache',
    get: async (id) => users.get(id) ?? open.get(id) ?? load(id),
    put: (id, user) => users.set(id, user),
  };
}

function withLayeredLoader(fetcher: UserFetcher): CachingPeer {
  const batcher = createBatcher(fetcher);
  const loader = new Loader<User>({
    inMemoryCache: { cacheType: 'lru-map', maxItems: MIXED_ENTRIES, ttlInMsecs: NEVER_STALE_MS },
    dataSourceGetOneFn: (id) => batcher.load(id),
  });
  return {
    name: 'layered-loader',
    get: async (id) => loader.getInMemoryOnly(id) ?? loader.getAsyncOnly(id),
    put: (id, user) => loader.forceSetValue(id, user),
  };
}

function withBentoCache(fetcher: UserFetcher): CachingPeer {
  const batcher = createBatcher(fetcher);
  const bento = new BentoCache({
    default: 'users',
    ttl: NEVER_STALE_MS,
    stores: {
      users: bentostore().useL1Layer(memoryDriver({ maxItems: MIXED_ENTRIES, serialize: false })),
    },
  });
  return {
    name: 'bentocache',
    get: (id) => bento.getOrSet<User>({ key: id, factory: () => batcher.load(id) }),
    put: (id, user) => bento.set({ key: id, value: user }),
  };
}
