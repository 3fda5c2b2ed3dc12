import type { User } from '@rollcall/contract/user';
import { type CachedUser, reaches } from '../model/cached-user.ts';
import { BreakerOpenError } from '../model/classify-error.ts';
import type { ClientCounters } from '../model/counters.ts';
import type { UserAnswer, UserRead, UserScope } from '../model/user-reader.ts';
import { hasSeenNewer, hasSeenVersions, minSeenVersion } from '../seen-versions/version-context.ts';
import type { UserCache } from '../store/user-cache.ts';
import type { Freshness, FreshnessPolicy } from './freshness.ts';
import type { RefreshAhead } from './refresh-ahead.ts';
import { answerStale, isStaleAllowed, type StalePolicy } from './stale-policy.ts';

interface CacheLookupContext {
  cache: UserCache;
  freshness: FreshnessPolicy;
  refreshAhead: RefreshAhead;
  stalePolicy: StalePolicy;
  counters: ClientCounters;
  /** Whether the breaker is open, so that asking is in vain. */
  isServiceDown: () => boolean;
  /** Called for each stale answer that is given at once. Absent: not called. */
  onStale?: StaleListener | undefined;
}

/** Called when a stale user is served because the service is down. `readAtMs`: when the user was read. */
export type StaleListener = (scope: UserScope, source: 'stale' | 'snapshot', readAtMs: number) => void;

/** One error for all reads: its stack says nothing, and an outage must not cost more than calls. */
export const BREAKER_OPEN = new BreakerOpenError();

/**
 * Answers from memory at once, or not at all. The path of a hit creates no object. A read never answers an
 * older version than the current context has seen.
 */
export class CacheLookup {
  readonly #context: CacheLookupContext;
  readonly #cache: UserCache;
  readonly #freshness: FreshnessPolicy;
  readonly #counters: ClientCounters;

  constructor(context: CacheLookupContext) {
    this.#context = context;
    this.#cache = context.cache;
    this.#freshness = context.freshness;
    this.#counters = context.counters;
  }

  /** The user if it is in memory and not stale. Starts no read, and counts nothing. */
  peek(scope: UserScope, id: string): CachedUser | undefined {
    const entry = this.#getRecent(scope, id);
    return entry !== undefined && this.#classify(id, entry) !== 'stale' ? entry : undefined;
  }

  /**
   * The user that a read without options answers at once: a fresh one, or a stale one while the service is
   * down.
   */
  getNow(scope: UserScope, id: string): User | undefined {
    const entry = this.#getRecent(scope, id);
    if (entry === undefined) return undefined;
    const freshness = this.#classify(id, entry);
    if (freshness === 'stale') return this.#getStale(scope, entry);
    if (freshness === 'refresh-ahead') this.#context.refreshAhead.refresh(scope, id);
    this.#counters.hits += 1;
    return entry.user;
  }

  /**
   * The users of all these ids, in their order. Undefined: one of them is not fresh, and nothing was counted.
   */
  manyNow(scope: UserScope, ids: readonly string[]): CachedUser[] | undefined {
    const entries: CachedUser[] = [];
    for (const id of ids) {
      const entry = this.#getRecent(scope, id);
      if (entry === undefined) return undefined;
      const freshness = this.#classify(id, entry);
      if (freshness === 'stale') return undefined;
      if (freshness === 'refresh-ahead') this.#context.refreshAhead.refresh(scope, id);
      entries.push(entry);
    }
    this.#counters.hits += ids.length;
    return entries;
  }

  /**
   * The answer that a read without options gets at once: `found` or `missing` where that is fresh, and while
   * the service is down also a stale or failed one.
   */
  answerNow(scope: UserScope, id: string): UserAnswer | undefined {
    const read = { id, minVersion: minSeenVersion(scope.tenantId, id) };
    const answer = this.answer(scope, read);
    if (answer !== undefined) this.#counters.hits += 1;
    // Where this context has seen a newer version, a read that waits may still find a survivor under its own
    // id.
    else if (
      this.#context.isServiceDown() &&
      (!hasSeenVersions() || this.#getRecent(scope, id) !== undefined)
    )
      return this.#answerStale(scope, read);
    return answer;
  }

  /** Returns the fresh answer to one read. Undefined: memory has no fresh answer. Changes no counter. */
  answer(scope: UserScope, { id, minVersion }: UserRead): UserAnswer | undefined {
    const entry = this.#cache.getUser(scope, id);
    if (entry !== undefined) {
      const freshness = this.#classify(id, entry);
      if (freshness === 'refresh-ahead') this.#context.refreshAhead.refresh(scope, id);
      if (freshness !== 'stale' && isRecentEnough(entry, id, minVersion)) return toAnswer(entry);
    }
    const missingAtMs = minVersion > 0n ? undefined : this.#cache.getMissingAtMs(scope, id);
    if (missingAtMs === undefined || !this.#freshness.isMissingFresh(scope.tenantId, missingAtMs))
      return undefined;
    return { outcome: 'missing', readAtMs: missingAtMs, source: 'cache' };
  }

  /** An entry that is due counts as stale while the service is down: it cannot be refreshed. */
  #classify(id: string, entry: CachedUser): Freshness {
    const freshness = this.#freshness.classify(id, entry);
    if (freshness !== 'refresh-ahead' || entry.dueVersion === undefined) return freshness;
    return this.#context.isServiceDown() ? 'stale' : freshness;
  }

  /** The entry, unless this context has seen a newer version. */
  #getRecent(scope: UserScope, id: string): CachedUser | undefined {
    const entry = this.#cache.getUser(scope, id);
    if (entry === undefined || !hasSeenVersions()) return entry;
    return isRecentEnough(entry, id, minSeenVersion(scope.tenantId, id)) ? entry : undefined;
  }

  #getStale(scope: UserScope, entry: CachedUser): User | undefined {
    const { stalePolicy, isServiceDown, onStale } = this.#context;
    if (!isServiceDown() || !isStaleAllowed(stalePolicy, entry)) return undefined;
    this.#counters.stale += 1;
    onStale?.(scope, entry.readAtMs < stalePolicy.startedAtMs ? 'snapshot' : 'stale', entry.readAtMs);
    return entry.user;
  }

  #answerStale(scope: UserScope, read: UserRead): UserAnswer {
    const { stalePolicy, onStale } = this.#context;
    const answer = answerStale(stalePolicy, scope, { read, call: { deadlineAtMs: 0 }, error: BREAKER_OPEN });
    if (answer.outcome === 'found' && (answer.source === 'stale' || answer.source === 'snapshot'))
      onStale?.(scope, answer.source, answer.readAtMs);
    return answer;
  }
}

/** Whether the entry reaches this version, and a survivor is not older than this context has seen it. */
function isRecentEnough(entry: CachedUser, id: string, minVersion: bigint): boolean {
  return reaches(entry, id, minVersion) && (entry.user.id === id || !hasSeenNewer(entry.user));
}

/** A fresh entry as an answer. */
export function toAnswer({ user, readAtMs }: CachedUser): UserAnswer {
  return { outcome: 'found', user, readAtMs, source: 'cache' };
}
