import { LRUCache } from 'lru-cache';
import type { User, UserView } from '../user.ts';
import { VIEWS } from '../user-change.ts';
import type { UserReads } from './user-reads.ts';

/** How much is remembered, and when it may be answered. */
export interface UserCacheOptions {
  /** Most users in memory, each view counted by itself. */
  readonly maxEntries: number;
  /** Whether `forget` has heard of all that was committed until a moment ago. While false, nothing comes from memory. */
  readonly isFeedCurrent: () => boolean;
}

/** Reads users, and remembers what it read until it is told to forget. */
export interface CachedUserReads extends UserReads {
  /** Forgets a user in every view, and what is being read of it: it changed. To be called before anybody else is told. */
  invalidate(tenantId: string, id: string): void;
  /** Forgets all users, and what is being read: the database is another one, or went back. */
  invalidateAll(): void;
}

/**
 * Answers users from memory. Unknown ids and such as were merged away are read each time, and so are users of which a
 * higher version is asked for than is remembered.
 */
export function withUserCache(
  next: UserReads,
  { maxEntries, isFeedCurrent }: UserCacheOptions,
): CachedUserReads {
  const users = new LRUCache<string, User>({ max: maxEntries });
  // Of each read on its way the users that changed meanwhile: what it brings of them may be from before.
  const open = new Set<Set<string>>();
  // Counts how often all was forgotten: a read that began before may bring what is no more.
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

// Tenant ids hold no slash.
function toKey(tenantId: string, view: UserView, id: string): string {
  return `${tenantId}/${view}/${id}`;
}

function toChangeKey(tenantId: string, id: string): string {
  return `${tenantId}/${id}`;
}
