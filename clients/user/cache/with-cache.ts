import { MAX_ANSWER_LAG_MS, type User } from '@rollcall/contract/user';
import type { BatchingOptions } from '../in-flight/batcher.ts';
import { DeadlineTimers } from '../in-flight/deadline-timers.ts';
import { InFlightReads } from '../in-flight/in-flight-reads.ts';
import { deadlineExceeded, PendingAnswers } from '../in-flight/pending-answers.ts';
import type { ChangeSink, FeedHealth } from '../model/change-sink.ts';
import { VersionNotReachedError } from '../model/classify-error.ts';
import type { ClientCounters } from '../model/counters.ts';
import type {
  Clock,
  DegradeLimit,
  ReadCall,
  UserAnswer,
  UserRead,
  UserReader,
  UserScope,
} from '../model/user-reader.ts';
import { forgetSeenVersions } from '../seen-versions/version-context.ts';
import { acceptAnswer } from '../store/accept-answer.ts';
import type { KnownVersion } from '../store/known-versions.ts';
import type { UserCache } from '../store/user-cache.ts';
import { BREAKER_OPEN, CacheLookup, type StaleListener, toAnswer } from './cache-lookup.ts';
import { type CachedDescription, describeCached } from './describe-user.ts';
import { type FreshnessOptions, FreshnessPolicy, NO_FEED } from './freshness.ts';
import { RefreshAhead } from './refresh-ahead.ts';
import { answerStale, type StalePolicy } from './stale-policy.ts';

/**
 * How long a known version counts although the service denies it and the change feed does not cover it.
 * Milliseconds. It is longer than any process of the service is behind. Without a feed nothing else shows
 * that the service's database went back.
 */
const UNCOVERED_VERSION_MS = 10_000;

/** How long answers are served, and from where while the service is down. */
export interface CachingOptions extends FreshnessOptions, BatchingOptions {
  /** Age in ms up to which a user is served while the service is down. */
  maxStaleMs: number;
  /** Which old answers may be served during an outage. */
  degrade: DegradeLimit;
  /**
   * Deadline in ms of a read that several callers share. A caller with a longer deadline extends the read it
   * starts.
   */
  timeoutMs: number;
}

interface CachingContext {
  options: CachingOptions;
  clock: Clock;
  /** The clock of hits, which may be coarse. Absent: `clock`. */
  hitClock?: Clock;
  counters: ClientCounters;
  /** The deadlines of callers. Absent: timers of the cache's own, which are never closed. */
  deadlines?: DeadlineTimers;
  /** Whether the change feed covers a tenant. Absent: there is no feed. */
  feed?: FeedHealth;
  /** Whether the breaker is open, so that asking is in vain. Absent: never. */
  isServiceDown?: () => boolean;
  /** Called for each stale answer that `getNow` or `answerNow` gives. Absent: not called. */
  onStale?: StaleListener;
}

/** A reader with a cache, which takes the changes of the feed and forgets the entries that they outdate. */
export interface CachedUserReader
  extends UserReader,
    ChangeSink,
    Pick<CacheLookup, 'peek' | 'getNow' | 'manyNow' | 'answerNow'> {
  /** Forgets the id in every view, and keeps answers in flight out of the cache. */
  invalidate(tenantId: string, id: string): void;
  /**
   * Takes a user that was read another way, unless it was read before an invalidation. Returns the answer to
   * serve: this user, or a newer one that is known.
   */
  accept(scope: UserScope, user: User, readAtMs: number): UserAnswer;
  /** Describes the entries of an id, and how fresh they are. */
  describe(tenantId: string, id: string): CachedDescription;
}

/**
 * Answers fresh users from memory and reads the others from `next`, coalesced and in batches. While the
 * service is down it answers stale users. A stale `missing` is never answered: the id may exist by now.
 */
export function withCache(
  next: UserReader,
  cache: UserCache,
  {
    options,
    clock,
    hitClock = clock,
    counters,
    deadlines = new DeadlineTimers(clock),
    feed = NO_FEED,
    isServiceDown = () => false,
    onStale,
  }: CachingContext,
): CachedUserReader {
  const freshness = new FreshnessPolicy(options, feed, hitClock);
  const isBinding = (tenantId: string, { seenAtMs }: KnownVersion) =>
    clock() - seenAtMs <= UNCOVERED_VERSION_MS || freshness.isCoveredByFeed(tenantId, seenAtMs);
  const inFlight = new InFlightReads(next, cache, { ...options, clock, counters, deadlines, isBinding });
  const refreshAhead = new RefreshAhead(inFlight, { clock: hitClock, counters, isServiceDown });
  const { startedAtMs } = freshness;
  const stalePolicy: StalePolicy = { cache, clock: hitClock, counters, startedAtMs, options };
  /**
   * One time for all ids: at worst a user is read once more, which costs less than a time for each id.
   */
  let lastInvalidatedAtMs = Number.NEGATIVE_INFINITY;
  const lookup = new CacheLookup({
    cache,
    freshness,
    refreshAhead,
    stalePolicy,
    counters,
    isServiceDown,
    onStale,
  });

  /**
   * Reads the answers that are not known, and fills them into the known ones. A caller waits for one promise
   * only.
   */
  function ask(
    scope: UserScope,
    reads: readonly UserRead[],
    { known, call }: { known: (UserAnswer | undefined)[]; call: ReadCall },
  ): Promise<UserAnswer[]> {
    const nowMs = clock();
    const fallback = (index: number, error: unknown) =>
      answerStale(stalePolicy, scope, { read: reads[index] as UserRead, call, error });
    const failure = isServiceDown()
      ? BREAKER_OPEN
      : call.deadlineAtMs <= nowMs
        ? deadlineExceeded()
        : undefined;
    if (failure !== undefined)
      return Promise.resolve(known.map((answer, index) => answer ?? fallback(index, failure)));
    const pending = new PendingAnswers(known, call, { deadlines, fallback });
    inFlight.join(scope, reads, { known, pending, deadlineAtMs: call.deadlineAtMs, nowMs });
    return pending.answers;
  }

  return {
    peek: (scope, id) => lookup.peek(scope, id),
    getNow: (scope, id) => lookup.getNow(scope, id),
    manyNow: (scope, ids) => lookup.manyNow(scope, ids),
    answerNow: (scope, id) => lookup.answerNow(scope, id),
    readMany(scope, reads, call) {
      let hits = 0;
      const known = reads.map((read) => {
        const answer = lookup.answer(scope, read);
        if (answer !== undefined) hits += 1;
        return answer;
      });
      counters.hits += hits;
      return hits === reads.length
        ? Promise.resolve(known as UserAnswer[])
        : ask(scope, reads, { known, call });
    },
    onChanges(seen) {
      const seenAtMs = clock();
      for (const { tenantId, id, version, touchedViews, kind } of seen) {
        const change = { version, seenAtMs, touchedViews, kind };
        counters.raised += cache.recordChange(tenantId, id, change);
        inFlight.recordChange(tenantId, id, change);
      }
    },
    onGap(tenantIds) {
      freshness.invalidateBefore(tenantIds, clock());
      inFlight.sealForTenants(tenantIds);
    },
    onReplaced() {
      // Until then a process of the service may answer from the earlier database.
      const eraFromMs = clock() + MAX_ANSWER_LAG_MS;
      cache.beginEra(eraFromMs);
      freshness.invalidateAllBefore(eraFromMs);
      inFlight.discardAll();
      forgetSeenVersions();
    },
    invalidate(tenantId, id) {
      lastInvalidatedAtMs = clock();
      cache.forget(tenantId, id);
      inFlight.discard(tenantId, id);
    },
    accept(scope, user, readAtMs) {
      const answer = { outcome: 'found', user, readAtMs, source: 'service' } as const;
      const isKept = readAtMs > lastInvalidatedAtMs;
      const read = { id: user.id, minVersion: 0n };
      const accepted = acceptAnswer(cache, { scope, id: user.id, read, isKept }, answer);
      if (accepted !== undefined) return accepted;
      const newer = cache.getComparable(scope, user.id);
      if (newer !== undefined) return toAnswer(newer);
      return { outcome: 'failed', error: new VersionNotReachedError(user.id, user.version + 1n) };
    },
    describe: (tenantId, id) => describeCached({ cache, freshness, inFlight, feed, clock }, tenantId, id),
  };
}
