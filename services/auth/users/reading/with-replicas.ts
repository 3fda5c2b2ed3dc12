import type { User, UserView } from '../user.ts';
import type { UserReads } from './user-reads.ts';

/** A replica of the database, and how far it has caught up. */
export interface ReplicaReads {
  readonly reads: UserReads;
  /** Time on this process's clock. The replica has everything that was committed before. Milliseconds. */
  readonly completeUntilMs: number;
  /** Marks the replica as failed. */
  fail(error: unknown): void;
}

/** Options of `withReplicas`. */
interface ReplicasOptions {
  readonly replicas: readonly ReplicaReads[];
  /**
   * The largest lag at which a replica is read. Milliseconds. At most the lag that an answer may have behind
   * the feed.
   */
  readonly maxLagMs: number;
  /**
   * Time on the same clock since when `markChanged` receives every change. Infinity before the feed is
   * attached.
   */
  readonly feedAttachedSinceMs: () => number;
  /** Whether an error means that the replica is unavailable, rather than that the request was wrong. */
  readonly isUnavailable: (error: unknown) => boolean;
  /**
   * Monotonic clock in milliseconds.
   * @defaultValue `performance.now`
   */
  readonly clock?: () => number;
}

/** Reads that use replicas when they are recent enough. */
interface ReplicatedReads extends UserReads {
  /**
   * Marks users as changed, so that they are read from the primary for a while. Call it before caches are
   * invalidated.
   */
  markChanged(changes: readonly { readonly tenantId: string; readonly id: string }[]): void;
}

/**
 * Reads users by id, and lists, from replicas in turn.
 * The primary answers everything else, and everything that a replica may not have yet: users that changed a
 * moment ago, requested versions, and missing ids. A replica that fails or lags is skipped until it recovers.
 */
export function withReplicas(primary: UserReads, options: ReplicasOptions): ReplicatedReads {
  const { replicas, maxLagMs, feedAttachedSinceMs, isUnavailable, clock = () => performance.now() } = options;
  // Longer than the lag of any replica that is read.
  const markMs = 2 * maxLagMs;
  let turn = 0;
  let marks = { recent: new Set<string>(), before: new Set<string>(), sinceMs: clock() };

  function choose(): ReplicaReads | undefined {
    const fromMs = Math.max(clock() - maxLagMs, feedAttachedSinceMs());
    for (let i = 0; i < replicas.length; i++) {
      const replica = replicas[turn++ % replicas.length] as ReplicaReads;
      if (replica.completeUntilMs >= fromMs) return replica;
    }
    return undefined;
  }

  /** Asks a replica; undefined when it is unavailable. */
  async function ask<T>(
    replica: ReplicaReads,
    question: (reads: UserReads) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await question(replica.reads);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      replica.fail(error);
      return undefined;
    }
  }

  function isMarked(tenantId: string, id: string): boolean {
    const key = toKey(tenantId, id);
    return marks.recent.has(key) || marks.before.has(key);
  }

  async function findMany(
    tenantId: string,
    ids: readonly string[],
    view: UserView,
    minVersions?: ReadonlyMap<string, bigint>,
  ): Promise<readonly (User | undefined)[]> {
    const replica = choose();
    if (!replica) return primary.findMany(tenantId, ids, view, minVersions);
    const askable = ids.filter((id) => !isMarked(tenantId, id));
    const answered =
      askable.length > 0 ? await ask(replica, (reads) => reads.findMany(tenantId, askable, view)) : undefined;
    const good = new Map<string, User>();
    for (const [i, id] of askable.entries()) {
      const user = answered?.[i];
      if (user && isEnough(user, id, minVersions?.get(id))) good.set(id, user);
    }
    const rest = ids.filter((id) => !good.has(id));
    const others = rest.length > 0 ? await primary.findMany(tenantId, rest, view, minVersions) : [];
    let at = 0;
    return ids.map((id) => good.get(id) ?? others[at++]);
  }

  return {
    ...primary,
    async find(tenantId, id, view, minVersion) {
      const replica = isMarked(tenantId, id) ? undefined : choose();
      const user = replica && (await ask(replica, (reads) => reads.find(tenantId, id, view)));
      return user && isEnough(user, id, minVersion) ? user : primary.find(tenantId, id, view, minVersion);
    },
    findMany,
    async list(list) {
      const replica = choose();
      return (replica && (await ask(replica, (reads) => reads.list(list)))) ?? primary.list(list);
    },
    markChanged(changes) {
      const nowMs = clock();
      if (nowMs - marks.sinceMs > markMs) marks = { recent: new Set(), before: marks.recent, sinceMs: nowMs };
      for (const { tenantId, id } of changes) marks.recent.add(toKey(tenantId, id));
    },
  };
}

// A survivor has versions of its own.
function isEnough(user: User, id: string, minVersion = 0n): boolean {
  return user.id !== id || user.version >= minVersion;
}

function toKey(tenantId: string, id: string): string {
  return `${tenantId}/${id}`;
}
