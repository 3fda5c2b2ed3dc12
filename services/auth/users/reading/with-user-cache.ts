import { LRUCache } from 'lru-cache';
import type { User, UserView } from '../user.ts';
import { VIEWS } from '../user-change.ts';
import type { UserReads } from './user-reads.ts';

/** Size of the cache, and when it may answer. */
interface UserCacheOptions {
  /** Maximum number of users, where each view counts. */
  readonly maxEntries: number;
  /**
   * Whether `invalidate` has received every change that was committed until a moment ago. While false, the
   * cache neither hits nor fills.
   */
  readonly isFeedCurrent: () => boolean;
}

/** Reads users through a cache that is invalidated from outside. */
export interface CachedUserReads extends UserReads {
  /**
   * Removes all views of a changed user, and discards pending reads of it. Call it before watchers get the
   * change.
   */
  invalidate(tenantId: string, id: string): void;
  /** Removes all users, and discards all pending reads, because the database was replaced or went back. */
  invalidateAll(): void;
}

/**
 * Adds a cache of users.
 * Missing and merged users are read each time, and so are users whose cached version is below the requested
 * one.
 */
export function withUserCache(
  next: UserReads,
  { maxEntries, isFeedCurrent }: UserCacheOptions,
): CachedUserReads {
  const users = new LRUCache<string, User>({ max: maxEntries });
  // For each pending read the users that changed since it began, because it may return their earlier state.
  const open = new Set<Set<string>>();
  // Number of full invalidations. A read that began in an earlier generation may return data that no longer
  // exist.
  let generation = 0;

  function cached(tenantId: string, id: string, view: UserView, minVersion: bigint): User | undefined {
    const user = users.get(toKey(tenantId, view, id));
    return user === undefined || user.version < minVersion ? undefined : user;
  }

  async function fill(
    { tenantId, ids, view }: { tenantId: string; ids: readonly string[]; view: UserView },
    read: () => Promise<readonly (User | undefined)[]>,
  ): Promise<readonly (User | undefined)[]> {
    if (!isFeedCurrent()) return read();
    const changed = new Set<string>();
    open.add(changed);
    const begunIn = generation;
    try {
      const found = await read();
      if (begunIn !== generation) return found;
      for (const [i, user] of found.entries()) {
        if (user === undefined || user.id !== ids[i] || changed.has(toChangeKey(tenantId, user.id))) continue;
        const key = toKey(tenantId, view, user.id);
        const other = users.peek(key);
        if (other === undefined || other.version <= user.version) users.set(key, user);
      }
      return found;
    } finally {
      open.delete(changed);
    }
  }

  return {
    ...next,
    async find(tenantId, id, view, minVersion = 0n) {
      const user = isFeedCurrent() ? cached(tenantId, id, view, minVersion) : undefined;
      if (user !== undefined) return user;
      const [found] = await fill({ tenantId, ids: [id], view }, async () => [
        await next.find(tenantId, id, view, minVersion),
      ]);
      return found;
    },
    async findMany(tenantId, ids, view, minVersions) {
      if (!isFeedCurrent()) return next.findMany(tenantId, ids, view, minVersions);
      const known = ids.map((id) => cached(tenantId, id, view, minVersions?.get(id) ?? 0n));
      const unknown = ids.filter((_, i) => known[i] === undefined);
      if (unknown.length === 0) return known;
      const found = await fill({ tenantId, ids: unknown, view }, () =>
        next.findMany(tenantId, unknown, view, minVersions),
      );
      let at = 0;
      return known.map((user) => user ?? found[at++]);
    },
    invalidate(tenantId, id) {
      for (const view of VIEWS) users.delete(toKey(tenantId, view, id));
      for (const changed of open) changed.add(toChangeKey(tenantId, id));
    },
    invalidateAll() {
      generation += 1;
      users.clear();
    },
  };
}

// Tenant ids contain no slash.
function toKey(tenantId: string, view: UserView, id: string): string {
  return `${tenantId}/${view}/${id}`;
}

function toChangeKey(tenantId: string, id: string): string {
  return `${tenantId}/${id}`;
}
