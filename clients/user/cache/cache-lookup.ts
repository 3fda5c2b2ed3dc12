import type { User } from '@rollcall/contract/user';
import { type CachedUser, reaches } from '../model/cached-user.ts';
import { BreakerOpenError } from '../model/classify-error.ts';
import type { ClientCounters } from '../model/counters.ts';
import type { UserAnswer, UserRead, UserScope } from '../model/user-reader.ts';
import { currentFloor, hasSeenNewer, hasSeenVersions } from '../seen-versions/version-context.ts';
import type { UserCache } from '../store/user-cache.ts';
import type { Freshness, Ripeness } from './freshness.ts';
import type { RefreshAhead } from './refresh-ahead.ts';
import { type Degrading, degrade, isGoodEnough } from './stale-policy.ts';

/** What recalling needs. */
interface RecallContext {
  cache: UserCache;
  freshness: Freshness;
  ahead: RefreshAhead;
  ladder: Degrading;
  counters: ClientCounters;
  /** True while asking is known to be in vain. */
  isAway: () => boolean;
  /** Told of each answer from before an outage that is given at once. Absent: nobody is. */
  onStale?: StaleListener | undefined;
}

/** Hears that a user read at this time was answered because asking is in vain. */
export type StaleListener = (scope: UserScope, source: 'stale' | 'snapshot', readAtMs: number) => void;

/** One for all: its stack says nothing, and an outage must cost less than what it replaces. */
export const AWAY = new BreakerOpenError();

/**
 * What can be answered at once, from memory: nothing here waits, and the path of a hit makes no object. Whoever has seen a
 * version, in the context that asks, gets no older one.
 */
export class Recall {
  readonly #context: RecallContext;
  readonly #cache: UserCache;
  readonly #freshness: Freshness;
  readonly #counters: ClientCounters;

  constructor(context: RecallContext) {
    this.#context = context;
    this.#cache = context.cache;
    this.#freshness = context.freshness;
    this.#counters = context.counters;
  }

  /** The fresh user, where there is one. Asks nobody, and counts nothing. */
  peek(scope: UserScope, id: string): CachedUser | undefined {
    const entry = this.#recent(scope, id);
    return entry !== undefined && this.#judge(id, entry) !== 'old' ? entry : undefined;
  }

  /** What a read without wishes answers at once: the fresh user, or the last known one while the service is away. */
  getNow(scope: UserScope, id: string): User | undefined {
    const entry = this.#recent(scope, id);
    if (entry === undefined) return undefined;
    const ripeness = this.#judge(id, entry);
    if (ripeness === 'old') return this.#getStale(scope, entry);
    if (ripeness === 'ripe') this.#context.ahead.refresh(scope, id);
    this.#counters.hits += 1;
    return entry.user;
  }

  /** The fresh users of all these ids, in their order. Undefined: not all are at hand, and nothing was counted. */
  manyNow(scope: UserScope, ids: readonly string[]): CachedUser[] | undefined {
    const entries: CachedUser[] = [];
    for (const id of ids) {
      const entry = this.#recent(scope, id);
      if (entry === undefined) return undefined;
      const ripeness = this.#judge(id, entry);
      if (ripeness === 'old') return undefined;
      if (ripeness === 'ripe') this.#context.ahead.refresh(scope, id);
      entries.push(entry);
    }
    this.#counters.hits += ids.length;
    return entries;
  }

  /** As `getNow`, with how it is known; also that the id is missing, or that nothing is known while the service is away. */
  answerNow(scope: UserScope, id: string): UserAnswer | undefined {
    const read = { id, minVersion: currentFloor(scope.tenantId, id) };
    const answer = this.answer(scope, read);
    if (answer !== undefined) this.#counters.hits += 1;
    // What this context has seen newer is answered by whoever can wait: the survivor of a merge may be known under its own id.
    else if (this.#context.isAway() && (!hasSeenVersions() || this.#recent(scope, id) !== undefined))
      return this.#degrade(scope, read);
    return answer;
  }

  /** The fresh answer to one read, where there is one. Counts nothing. */
  answer(scope: UserScope, { id, minVersion }: UserRead): UserAnswer | undefined {
    const entry = this.#cache.getUser(scope, id);
    if (entry !== undefined) {
      const ripeness = this.#judge(id, entry);
      if (ripeness === 'ripe') this.#context.ahead.refresh(scope, id);
      if (ripeness !== 'old' && isRecent(entry, id, minVersion)) return toAnswer(entry);
    }
    const missingAtMs = minVersion > 0n ? undefined : this.#cache.getMissingAtMs(scope, id);
    if (missingAtMs === undefined || !this.#freshness.isMissingFresh(scope.tenantId, missingAtMs))
      return undefined;
    return { outcome: 'missing', readAtMs: missingAtMs, source: 'cache' };
  }

  /** While asking is in vain, what is due is known to be from before, and answered as such. */
  #judge(id: string, entry: CachedUser): Ripeness {
    const ripeness = this.#freshness.judge(id, entry);
    return ripeness === 'ripe' && entry.dueVersion !== undefined && this.#context.isAway() ? 'old' : ripeness;
  }

  #recent(scope: UserScope, id: string): CachedUser | undefined {
    const entry = this.#cache.getUser(scope, id);
    if (entry === undefined || !hasSeenVersions()) return entry;
    return isRecent(entry, id, currentFloor(scope.tenantId, id)) ? entry : undefined;
  }

  #getStale(scope: UserScope, entry: CachedUser): User | undefined {
    const { ladder, isAway, onStale } = this.#context;
    if (!isAway() || !isGoodEnough(ladder, entry)) return undefined;
    this.#counters.stale += 1;
    onStale?.(scope, entry.readAtMs < ladder.bornAtMs ? 'snapshot' : 'stale', entry.readAtMs);
    return entry.user;
  }

  #degrade(scope: UserScope, read: UserRead): UserAnswer {
    const { ladder, onStale } = this.#context;
    const answer = degrade(ladder, scope, { read, call: { deadlineAtMs: 0 }, error: AWAY });
    if (answer.outcome === 'found' && (answer.source === 'stale' || answer.source === 'snapshot'))
      onStale?.(scope, answer.source, answer.readAtMs);
    return answer;
  }
}

/** As `reaches`; and the survivor of a merge is no older than this context has seen it. */
function isRecent(entry: CachedUser, id: string, minVersion: bigint): boolean {
  return reaches(entry, id, minVersion) && (entry.user.id === id || !hasSeenNewer(entry.user));
}

/** A fresh entry as an answer. */
export function toAnswer({ user, readAtMs }: CachedUser): UserAnswer {
  return { outcome: 'found', user, readAtMs, source: 'cache' };
}
