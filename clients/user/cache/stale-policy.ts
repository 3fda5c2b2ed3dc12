import { type CachedUser, reaches } from '../model/cached-user.ts';
import { degradedReason } from '../model/classify-error.ts';
import type { ClientCounters } from '../model/counters.ts';
import type { Clock, DegradeLimit, ReadCall, UserAnswer, UserRead, UserScope } from '../model/user-reader.ts';
import type { UserCache } from '../store/user-cache.ts';

/** Which stale entries may answer while the service is down. */
export interface StalePolicy {
  cache: UserCache;
  clock: Clock;
  counters: ClientCounters;
  /** Entries that were read before come from the snapshot. */
  startedAtMs: number;
  /** The client's limits, which hold where a call sets none. */
  options: { maxStaleMs: number; degrade: DegradeLimit };
}

/** Whether a stale entry may answer: it is young enough, and of a source that the limits allow. */
export function isStaleAllowed(
  { clock, startedAtMs, options }: StalePolicy,
  { readAtMs }: CachedUser,
  call: Pick<ReadCall, 'maxStaleMs' | 'degrade'> = {},
): boolean {
  const limit = call.degrade ?? options.degrade;
  if (limit === 'none' || (limit === 'stale' && readAtMs < startedAtMs)) return false;
  return clock() - readAtMs <= Math.min(call.maxStaleMs ?? options.maxStaleMs, options.maxStaleMs);
}

/**
 * The answer to a read that failed: the user that this process read last, or the one of the snapshot, or the
 * failure. Only an outage leads to a stale answer: a refusal is an answer.
 */
export function answerStale(
  policy: StalePolicy,
  scope: UserScope,
  { read, call, error }: { read: UserRead; call: ReadCall; error: unknown },
): UserAnswer {
  const { cache, counters, startedAtMs } = policy;
  const reason = degradedReason(error);
  if (reason === undefined) return { outcome: 'failed', error };
  const entry = cache.getUser(scope, read.id);
  if (
    entry === undefined ||
    // An entry that is due may answer: the version that is not reached changed ratings or statistics only.
    (reason === 'version_not_reached' && entry.dueVersion === undefined) ||
    !isStaleAllowed(policy, entry, call) ||
    !reaches(entry, read.id, read.minVersion)
  ) {
    counters.unavailable += 1;
    return { outcome: 'failed', error };
  }
  counters.stale += 1;
  const { user, readAtMs } = entry;
  const source = readAtMs < startedAtMs ? 'snapshot' : 'stale';
  return { outcome: 'found', user, readAtMs, source, degraded: { reason, cause: error } };
}
