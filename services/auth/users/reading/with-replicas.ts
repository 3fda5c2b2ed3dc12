import type { User, UserView } from '../user.ts';
import type { UserReads } from './user-reads.ts';

/** A copy of the users that follows at a distance. */
export interface ReplicaReads {
  readonly reads: UserReads;
  /** Point on this process's clock, in ms: all that was committed before it is there. */
  readonly completeUntilMs: number;
  /** It did not answer. */
  fail(error: unknown): void;
}

/** What `withReplicas` needs. */
export interface ReplicasOptions {
  readonly replicas: readonly ReplicaReads[];
  /** How far behind a replica may be, in ms, and still be read: no further than an answer may be behind the feed. */
  readonly maxLagMs: number;
  /** Point on the same clock since when `note` hears of every change. Infinity: not yet. */
  readonly feedAttachedSinceMs: () => number;
  /** Whether an error means that a replica cannot be read now, rather than that the question was wrong. */
  readonly isAway: (error: unknown) => boolean;
  /** Monotonic clock in ms. Default `performance.now`. */
  readonly clock?: () => number;
}

/** Reads that go to replicas where those are good enough. */
export interface ReplicatedReads extends UserReads {
  /** These users changed: for a while they are read from the primary. To be told before anybody forgets what it remembers. */
  markChanged(changes: readonly { readonly tenantId: string; readonly id: string }[]): void;
}

/**
 * Reads users by id, and lists, from replicas in turn; everything else from the primary, and so is what a replica may not
 * know yet: users that changed a moment ago, versions that were asked for, ids that are missing there. One that fails or
 * lags is passed over until it is well again.
 */
export function withReplicas(primary: UserReads, options: ReplicasOptions): ReplicatedReads {
  const { replicas, maxLagMs, feedAttachedSinceMs, isAway, clock = () => performance.now() } = options;
  // Longer than a replica that is read may be behind.
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

  /** What the replica answers, or undefined where it does not. */
  async function ask<T>(
    replica: ReplicaReads,
    question: (reads: UserReads) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await question(replica.reads);
    } catch (error) {
      if (!isAway(error)) throw error;
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

// The versions of a survivor are its own.
function isEnough(user: User, id: string, minVersion = 0n): boolean {
  return user.id !== id || user.version >= minVersion;
}

function toKey(tenantId: string, id: string): string {
  return `${tenantId}/${id}`;
}
