import type { User } from '@rollcall/contract/user';
import { deadlinePassed, startCallerLimit } from './caller-limit.ts';
import type { ClientCounters } from './counters.ts';
import { Flights, reaches } from './flights.ts';
import { degradedReason, isOutage, VersionNotReachedError } from './judge.ts';
import { type CachedUser, toCacheKey, type UserCache } from './user-cache.ts';
import type { Clock, ReadCall, UserAnswer, UserRead, UserReader, UserScope } from './user-reader.ts';

/** How long answers are good. */
export interface CachingOptions {
  /** Age in ms up to which a user is answered without asking. 0: always ask. */
  ttlMs: number;
  /** The same for an id that is missing. */
  missingTtlMs: number;
  /** Age in ms up to which a user is answered while the service is away. */
  maxStaleMs: number;
  /** Deadline in ms of a read that several callers share; a caller that waits longer makes its own read longer. */
  timeoutMs: number;
}

/** What the cache can do besides reading. */
export interface CachedUserReader extends UserReader {
  /** What a read would answer without asking. Undefined: it would ask. */
  peek(scope: UserScope, id: string): CachedUser | undefined;
  /** Forgets the id in every view, and throws away what is on its way. */
  invalidate(tenantId: string, id: string): void;
  /** Takes in a user that came another way. Answers what is to be shown: this one, or what is known to be newer. */
  accept(scope: UserScope, user: User, readAtMs: number): UserAnswer;
}

/**
 * Answers from memory while that is fresh, asks `next` else, one flight per tenant, view and id however many callers wait,
 * and falls back to older answers while the service is away. A missing id is never answered from before an outage: it may
 * exist by now.
 */
export function withCache(
  next: UserReader,
  cache: UserCache,
  { options, clock, counters }: { options: CachingOptions; clock: Clock; counters: ClientCounters },
): CachedUserReader {
  const flights = new Flights(next, cache, { timeoutMs: options.timeoutMs, clock, counters });

  function peek(scope: UserScope, id: string): CachedUser | undefined {
    const entry = cache.getUser(toCacheKey(scope, id));
    return entry !== undefined && clock() - entry.readAtMs < options.ttlMs ? entry : undefined;
  }

  function fresh(scope: UserScope, { id, minVersion }: UserRead): UserAnswer | undefined {
    const entry = peek(scope, id);
    if (entry !== undefined && reaches(entry, id, minVersion)) {
      return { outcome: 'found', ...entry, source: 'cache' };
    }
    const missingAtMs = minVersion > 0n ? undefined : cache.getMissingAtMs(toCacheKey(scope, id));
    if (missingAtMs === undefined || clock() - missingAtMs >= options.missingTtlMs) return undefined;
    return { outcome: 'missing', readAtMs: missingAtMs, source: 'cache' };
  }

  /** The last known user, where the failure is an outage and the user is young enough. */
  function degrade(
    scope: UserScope,
    { id, minVersion }: UserRead,
    call: ReadCall,
    error: unknown,
  ): UserAnswer {
    const entry = isOutage(error) ? cache.getUser(toCacheKey(scope, id)) : undefined;
    const maxStaleMs = Math.min(call.maxStaleMs ?? Number.POSITIVE_INFINITY, options.maxStaleMs);
    const reason = degradedReason(error);
    if (
      entry !== undefined &&
      reason !== undefined &&
      clock() - entry.readAtMs <= maxStaleMs &&
      reaches(entry, id, minVersion)
    ) {
      counters.stale += 1;
      return { outcome: 'found', ...entry, source: 'stale', degraded: { reason, cause: error } };
    }
    if (reason !== undefined) counters.unavailable += 1;
    return { outcome: 'failed', error };
  }

  return {
    peek,
    async readMany(scope, reads, call) {
      const known = reads.map((read) => fresh(scope, read));
      counters.hits += known.filter((answer) => answer !== undefined).length;
      const unknown = reads.filter((_, i) => known[i] === undefined);
      if (unknown.length === 0) return known as UserAnswer[];
      if (call.deadlineAtMs <= clock()) {
        return reads.map((read, i) => known[i] ?? degrade(scope, read, call, deadlinePassed()));
      }
      const open = flights.join(scope, unknown, call);
      using limit = startCallerLimit(call, clock);
      return await Promise.all(
        reads.map(async (read, i) => {
          const flight = open.get(read);
          if (flight === undefined) return known[i] as UserAnswer;
          const answer = await limit.wait(flight);
          return answer.outcome === 'failed' ? degrade(scope, read, call, answer.error) : answer;
        }),
      );
    },
    invalidate(tenantId, id) {
      cache.forget(tenantId, id);
      flights.discard(tenantId, id);
    },
    accept(scope, user, readAtMs) {
      const accepted = flights.accept(scope, user.id, {
        outcome: 'found',
        user,
        readAtMs,
        source: 'service',
      });
      if (accepted !== undefined) return accepted;
      const newer = cache.getUser(toCacheKey(scope, user.id));
      if (newer !== undefined) return { outcome: 'found', ...newer, source: 'cache' };
      return { outcome: 'failed', error: new VersionNotReachedError(user.id, user.version + 1n) };
    },
  };
}
