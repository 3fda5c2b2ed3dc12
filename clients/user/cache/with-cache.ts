import { MAX_ANSWER_LAG_MS, type User } from '@rollcall/contract/user';
import type { BatchingOptions } from '../in-flight/batcher.ts';
import { Deadlines } from '../in-flight/deadline-timers.ts';
import { Flights } from '../in-flight/in-flight-reads.ts';
import { deadlinePassed, Gathering } from '../in-flight/pending-answers.ts';
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
import { admit } from '../store/accept-answer.ts';
import type { SeenFloor } from '../store/known-versions.ts';
import type { UserCache } from '../store/user-cache.ts';
import { AWAY, Recall, type StaleListener, toAnswer } from './cache-lookup.ts';
import { type CachedDescription, describeCached } from './describe-user.ts';
import { Freshness, type FreshnessOptions, NO_FEED } from './freshness.ts';
import { RefreshAhead } from './refresh-ahead.ts';
import { type Degrading, degrade } from './stale-policy.ts';

/**
 * How long a version binds that was known before the change feed told of everything, in ms, where the service says that it does
 * not exist. Longer than any process of the service is behind. Without a feed nothing else says that its database went back.
 */
const UNVOUCHED_FLOOR_MS = 10_000;

/** How long answers are good, and what will do while the service is away. */
export interface CachingOptions extends FreshnessOptions, BatchingOptions {
  /** Age in ms up to which a user is answered while the service is away. */
  maxStaleMs: number;
  /** What is answered then. */
  degrade: DegradeLimit;
  /** Deadline in ms of a read that several callers share; a caller that waits longer makes its own read longer. */
  timeoutMs: number;
}

/** What the cache stands beside. */
interface CachingContext {
  options: CachingOptions;
  clock: Clock;
  /** The clock of hits, which may be coarse. Absent: `clock`. */
  hitClock?: Clock;
  counters: ClientCounters;
  /** Of those who wait here. Absent: its own, which nobody closes. */
  deadlines?: Deadlines;
  /** Whether changes are told. Absent: they are not. */
  feed?: FeedHealth;
  /** True while asking is known to be in vain. Absent: never. */
  isAway?: () => boolean;
  /** Told of each answer from before an outage that `getNow` or `answerNow` gives. Absent: nobody is. */
  onStale?: StaleListener;
}

/** What the cache can do besides reading. Told of changes, it forgets what they outdate. */
export interface CachedUserReader
  extends UserReader,
    ChangeSink,
    Pick<Recall, 'peek' | 'getNow' | 'manyNow' | 'answerNow'> {
  /** Forgets the id in every view, and throws away what is on its way. */
  invalidate(tenantId: string, id: string): void;
  /**
   * Takes in a user that came another way, unless it was read before an id was invalidated. Answers what is to be shown: this
   * one, or what is known to be newer.
   */
  accept(scope: UserScope, user: User, readAtMs: number): UserAnswer;
  /** What is known of an id, and how good that is. */
  describe(tenantId: string, id: string): CachedDescription;
}

/**
 * Answers from memory while that is fresh, asks `next` else, one flight per tenant, view and id however many callers wait,
 * and falls back to older answers while the service is away. A missing id is never answered from before an outage: it may
 * exist by now.
 */
export function withCache(
  next: UserReader,
  cache: UserCache,
  {
    options,
    clock,
    hitClock = clock,
    counters,
    deadlines = new Deadlines(clock),
    feed = NO_FEED,
    isAway = () => false,
    onStale,
  }: CachingContext,
): CachedUserReader {
  const freshness = new Freshness(options, feed, hitClock);
  const isBinding = (tenantId: string, { seenAtMs }: SeenFloor) =>
    clock() - seenAtMs <= UNVOUCHED_FLOOR_MS || freshness.isVouched(tenantId, seenAtMs);
  const flights = new Flights(next, cache, { ...options, clock, counters, deadlines, isBinding });
  const ahead = new RefreshAhead(flights, { clock: hitClock, counters, isAway });
  const ladder: Degrading = { cache, clock: hitClock, counters, bornAtMs: freshness.bornAtMs, options };
  /** One for all ids: what came another way is asked for again where it is not kept, which costs less than a list. */
  let lastInvalidatedAtMs = Number.NEGATIVE_INFINITY;
  const recall = new Recall({ cache, freshness, ahead, ladder, counters, isAway, onStale });

  /** What is known is filled in by what is not: many callers wait here, and have one promise each. */
  function ask(
    scope: UserScope,
    reads: readonly UserRead[],
    { known, call }: { known: (UserAnswer | undefined)[]; call: ReadCall },
  ): Promise<UserAnswer[]> {
    const nowMs = clock();
    const instead = (at: number, error: unknown) =>
      degrade(ladder, scope, { read: reads[at] as UserRead, call, error });
    const vain = isAway() ? AWAY : call.deadlineAtMs <= nowMs ? deadlinePassed() : undefined;
    if (vain !== undefined) return Promise.resolve(known.map((answer, at) => answer ?? instead(at, vain)));
    const gathering = new Gathering(known, call, { deadlines, instead });
    flights.join(scope, reads, { known, gathering, deadlineAtMs: call.deadlineAtMs, nowMs });
    return gathering.answers;
  }

  return {
    peek: (scope, id) => recall.peek(scope, id),
    getNow: (scope, id) => recall.getNow(scope, id),
    manyNow: (scope, ids) => recall.manyNow(scope, ids),
    answerNow: (scope, id) => recall.answerNow(scope, id),
    readMany(scope, reads, call) {
      let hits = 0;
      const known = reads.map((read) => {
        const answer = recall.answer(scope, read);
        if (answer !== undefined) hits += 1;
        return answer;
      });
      counters.hits += hits;
      return hits === reads.length
        ? Promise.resolve(known as UserAnswer[])
        : ask(scope, reads, { known, call });
    },
    changed(seen) {
      const seenAtMs = clock();
      for (const { tenantId, id, version, touchedViews, kind } of seen) {
        const change = { version, seenAtMs, touchedViews, kind };
        counters.raised += cache.see(tenantId, id, change);
        flights.tell(tenantId, id, change);
      }
    },
    lost(tenantIds) {
      freshness.lose(tenantIds, clock());
      flights.closeDoors(tenantIds);
    },
    replaced() {
      // Until then a process of the service may answer from before.
      const certainFromMs = clock() + MAX_ANSWER_LAG_MS;
      cache.beginEra(certainFromMs);
      freshness.loseAll(certainFromMs);
      flights.discardAll();
      forgetSeenVersions();
    },
    invalidate(tenantId, id) {
      lastInvalidatedAtMs = clock();
      cache.forget(tenantId, id);
      flights.discard(tenantId, id);
    },
    accept(scope, user, readAtMs) {
      const answer = { outcome: 'found', user, readAtMs, source: 'service' } as const;
      const isKept = readAtMs > lastInvalidatedAtMs;
      const read = { id: user.id, minVersion: 0n };
      const accepted = admit(cache, { scope, id: user.id, read, isKept }, answer);
      if (accepted !== undefined) return accepted;
      const newer = cache.getComparable(scope, user.id);
      if (newer !== undefined) return toAnswer(newer);
      return { outcome: 'failed', error: new VersionNotReachedError(user.id, user.version + 1n) };
    },
    describe: (tenantId, id) => describeCached({ cache, freshness, flights, feed, clock }, tenantId, id),
  };
}
