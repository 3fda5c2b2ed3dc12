import { type CachedUser, reaches } from '../model/cached-user.ts';
import { degradedReason } from '../model/classify-error.ts';
import type { ClientCounters } from '../model/counters.ts';
import type { Clock, DegradeLimit, ReadCall, UserAnswer, UserRead, UserScope } from '../model/user-reader.ts';
import type { UserCache } from '../store/user-cache.ts';

/** What degrading needs. */
export interface Degrading {
  cache: UserCache;
  clock: Clock;
  counters: ClientCounters;
  /** What was read before is from the snapshot. */
  bornAtMs: number;
  /** What the client allows where the call does not say. */
  options: { maxStaleMs: number; degrade: DegradeLimit };
}

/** Whether a user that is not fresh may stand in for the service: young enough, and no further down than allowed. */
export function isGoodEnough(
  { clock, bornAtMs, options }: Degrading,
  { readAtMs }: CachedUser,
  call: Pick<ReadCall, 'maxStaleMs' | 'degrade'> = {},
): boolean {
  const limit = call.degrade ?? options.degrade;
  if (limit === 'none' || (limit === 'stale' && readAtMs < bornAtMs)) return false;
  return clock() - readAtMs <= Math.min(call.maxStaleMs ?? options.maxStaleMs, options.maxStaleMs);
}

/**
 * The ladder down from an answer that could not be had: the last known user, then the one of the last snapshot, then that
 * it is unavailable. Only what keeps the service from answering leads down it: a refusal is an answer.
 */
export function degrade(
  ladder: Degrading,
  scope: UserScope,
  { read, call, error }: { read: UserRead; call: ReadCall; error: unknown },
): UserAnswer {
  const { cache, counters, bornAtMs } = ladder;
  const reason = degradedReason(error);
  if (reason === undefined) return { outcome: 'failed', error };
  const entry = cache.getUser(scope, read.id);
  if (
    entry === undefined ||
    // The version that was asked for is one of figures alone, or one that the caller wants.
    (reason === 'version_not_reached' && entry.dueVersion === undefined) ||
    !isGoodEnough(ladder, entry, call) ||
    !reaches(entry, read.id, read.minVersion)
  ) {
    counters.unavailable += 1;
    return { outcome: 'failed', error };
  }
  counters.stale += 1;
  const { user, readAtMs } = entry;
  const source = readAtMs < bornAtMs ? 'snapshot' : 'stale';
  return { outcome: 'found', user, readAtMs, source, degraded: { reason, cause: error } };
}
