import type { User } from '@rollcall/contract/user';
import { admit } from './admission.ts';
import { type CachedUser, reaches } from './cached-user.ts';
import { deadlinePassed, startCallerLimit } from './caller-limit.ts';
import type { ChangeSink, FeedHealth } from './change-feed.ts';
import type { ClientCounters } from './counters.ts';
import { type Degrading, degrade, isGoodEnough } from './degrade.ts';
import { type CachedDescription, describeCached } from './describe-user.ts';
import { Flights } from './flights.ts';
import { Freshness, type FreshnessOptions, NO_FEED } from './freshness.ts';
import { BreakerOpenError, VersionNotReachedError } from './judge.ts';
import { RefreshAhead } from './refresh-ahead.ts';
import type { UserCache } from './user-cache.ts';
import type {
  Clock,
  DegradeLimit,
  ReadCall,
  UserAnswer,
  UserRead,
  UserReader,
  UserScope,
} from './user-reader.ts';

/** How long answers are good, and what will do while the service is away. */
export interface CachingOptions extends FreshnessOptions {
  /** Age in ms up to which a user is answered while the service is away. */
  maxStaleMs: number;
  /** What is answered then. */
  degrade: DegradeLimit;
  /** Deadline in ms of a read that several callers share; a caller that waits longer makes its own read longer. */
  timeoutMs: number;
}

/** What the cache stands beside. */
export interface CachingContext {
  options: CachingOptions;
  clock: Clock;
  /** The clock of hits, which may be coarse. Absent: `clock`. */
  hitClock?: Clock;
  counters: ClientCounters;
  /** Whether changes are told. Absent: they are not. */
  feed?: FeedHealth;
  /** True while asking is known to be in vain. Absent: never. */
  isAway?: () => boolean;
}

/** What the cache can do besides reading. Told of changes, it forgets what they outdate. */
export interface CachedUserReader extends UserReader, ChangeSink {
  /** The fresh user, where there is one. Asks nobody, and counts nothing. */
  peek(scope: UserScope, id: string): CachedUser | undefined;
  /** What a read without wishes answers at once: the fresh user, or the last known one while the service is away. */
  getNow(scope: UserScope, id: string): User | undefined;
  /** The same with how it is known; also that the id is missing, or that nothing is known while the service is away. */
  answerNow(scope: UserScope, id: string): UserAnswer | undefined;
  /** Forgets the id in every view, and throws away what is on its way. */
  invalidate(tenantId: string, id: string): void;
  /** Takes in a user that came another way. Answers what is to be shown: this one, or what is known to be newer. */
  accept(scope: UserScope, user: User, readAtMs: number): UserAnswer;
  /** What is known of an id, and how good that is. */
  describe(tenantId: string, id: string): CachedDescription;
}

/** One for all: its stack says nothing, and an outage must cost less than what it replaces. */
const AWAY = new BreakerOpenError();

/**
 * Answers from memory while that is fresh, asks `next` else, one flight per tenant, view and id however many callers wait,
 * and falls back to older answers while the service is away. A missing id is never answered from before an outage: it may
 * exist by now.
 */
export function withCache(
  next: UserReader,
  cache: UserCache,
  { options, clock, hitClock = clock, counters, feed = NO_FEED, isAway = () => false }: CachingContext,
): CachedUserReader {
  const flights = new Flights(next, cache, { timeoutMs: options.timeoutMs, clock, counters });
  const freshness = new Freshness(options, feed, hitClock);
  const ahead = new RefreshAhead(flights, { clock: hitClock, counters, isAway });
  const ladder: Degrading = { cache, clock: hitClock, counters, bornAtMs: freshness.bornAtMs, options };

  function hit(scope: UserScope, id: string): CachedUser | undefined {
    const entry = cache.getUser(scope, id);
    if (entry === undefined) return undefined;
    const ripeness = freshness.judge(id, entry);
    if (ripeness === 'ripe') ahead.refresh(scope, id);
    return ripeness === 'old' ? undefined : entry;
  }

  function fresh(scope: UserScope, { id, minVersion }: UserRead): UserAnswer | undefined {
    const entry = hit(scope, id);
    if (entry !== undefined && reaches(entry, id, minVersion)) return toAnswer(entry, 'cache');
    const missingAtMs = minVersion > 0n ? undefined : cache.getMissingAtMs(scope, id);
    if (missingAtMs === undefined || !freshness.isMissingFresh(scope.tenantId, missingAtMs)) return undefined;
    return { outcome: 'missing', readAtMs: missingAtMs, source: 'cache' };
  }

  async function ask(
    scope: UserScope,
    reads: readonly UserRead[],
    { known, call }: { known: readonly (UserAnswer | undefined)[]; call: ReadCall },
  ): Promise<UserAnswer[]> {
    const unknown = reads.filter((_, i) => known[i] === undefined);
    const vain = isAway() ? AWAY : call.deadlineAtMs <= clock() ? deadlinePassed() : undefined;
    if (vain !== undefined)
      return reads.map((read, i) => known[i] ?? degrade(ladder, scope, { read, call, error: vain }));
    const open = flights.join(scope, unknown, call);
    using limit = startCallerLimit(call, clock);
    return await Promise.all(
      reads.map(async (read, i) => {
        const flight = open.get(read);
        if (flight === undefined) return known[i] as UserAnswer;
        const answer = await limit.wait(flight);
        if (answer.outcome !== 'failed') return answer;
        return degrade(ladder, scope, { read, call, error: answer.error });
      }),
    );
  }

  return {
    peek(scope, id) {
      const entry = cache.getUser(scope, id);
      return entry !== undefined && freshness.judge(id, entry) !== 'old' ? entry : undefined;
    },
    getNow(scope, id) {
      const entry = cache.getUser(scope, id);
      if (entry === undefined) return undefined;
      const ripeness = freshness.judge(id, entry);
      if (ripeness === 'old') {
        if (!isAway() || !isGoodEnough(ladder, entry)) return undefined;
        counters.stale += 1;
        return entry.user;
      }
      if (ripeness === 'ripe') ahead.refresh(scope, id);
      counters.hits += 1;
      return entry.user;
    },
    answerNow(scope, id) {
      const read = { id, minVersion: 0n };
      const answer = fresh(scope, read);
      if (answer !== undefined) counters.hits += 1;
      else if (isAway()) return degrade(ladder, scope, { read, call: { deadlineAtMs: 0 }, error: AWAY });
      return answer;
    },
    async readMany(scope, reads, call) {
      let hits = 0;
      const known = reads.map((read) => {
        const answer = fresh(scope, read);
        if (answer !== undefined) hits += 1;
        return answer;
      });
      counters.hits += hits;
      return hits === reads.length ? (known as UserAnswer[]) : await ask(scope, reads, { known, call });
    },
    changed(seen) {
      const seenAtMs = clock();
      for (const { tenantId, id, version } of seen) cache.see(tenantId, id, { version, seenAtMs });
    },
    lost(tenantIds) {
      freshness.lose(tenantIds, clock());
      flights.closeDoors(tenantIds);
    },
    invalidate(tenantId, id) {
      cache.forget(tenantId, id);
      flights.discard(tenantId, id);
    },
    accept(scope, user, readAtMs) {
      const answer = { outcome: 'found', user, readAtMs, source: 'service' } as const;
      const accepted = admit(cache, { scope, read: { id: user.id, minVersion: 0n } }, answer);
      if (accepted !== undefined) return accepted;
      const newer = cache.getUser(scope, user.id);
      if (newer !== undefined) return toAnswer(newer, 'cache');
      return { outcome: 'failed', error: new VersionNotReachedError(user.id, user.version + 1n) };
    },
    describe: (tenantId, id) => describeCached({ cache, freshness, flights, feed, clock }, tenantId, id),
  };
}

function toAnswer({ user, readAtMs }: CachedUser, source: 'cache'): UserAnswer {
  return { outcome: 'found', user, readAtMs, source };
}
