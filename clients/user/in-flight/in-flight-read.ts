import type { CachedUser } from '../model/cached-user.ts';
import { AnswerMalformedError, degradedReason } from '../model/classify-error.ts';
import type { UserAnswer, UserRead } from '../model/user-reader.ts';
import type { KnownVersion } from '../store/known-versions.ts';
import { applyChanges, type SeenChange } from '../store/touched-views.ts';
import type { UserCache } from '../store/user-cache.ts';
import type { Batch } from './batcher.ts';
import type { PendingAnswers } from './pending-answers.ts';

/** A place in a caller's answers that waits for a read in flight, linked to the next waiter of that read. */
export interface Waiter {
  readonly pending: Pick<PendingAnswers, 'put'>;
  readonly index: number;
  next: Waiter | undefined;
}

/** The user that an id was merged into, and when that was answered. */
export interface Survivor {
  readonly id: string;
  readonly readAtMs: number;
}

/** A read in flight, and its waiters. */
export interface InFlightRead {
  /** The read that the waiters asked for. */
  readonly wanted: UserRead;
  /** The read that the service is asked. */
  read: UserRead;
  readonly batch: Batch<InFlightRead>;
  /** The copy in memory when the read was started, for the answer `unchanged`. */
  cached: CachedUser | undefined;
  /** The highest version seen while the read was in flight. */
  latestSeen: KnownVersion | undefined;
  /** The latest changes seen while the read was in flight. Undefined: none. */
  changes: SeenChange[] | undefined;
  /**
   * The survivor of a merge that is asked in place of the id, because a newer version of it is known than was
   * answered.
   */
  survivor: Survivor | undefined;
  readonly startedAtMs: number;
  firstWaiter: Waiter;
  lastWaiter: Waiter;
  /** Whether more waiters may join. */
  isJoinable: boolean;
  /** Whether the id was invalidated meanwhile: the waiters get the answer, and the cache does not keep it. */
  isDiscarded: boolean;
  /** Another read in flight of the same id. */
  next: InFlightRead | undefined;
}

/** Most changes that a read in flight records. More changes of one user within one deadline are rare. */
const MAX_RECORDED_CHANGES = 16;

/** The read, with the version of the copy in memory where `unchanged` would answer it. */
export function withKnownVersion(read: UserRead, cached: CachedUser | undefined): UserRead {
  const { id, minVersion } = read;
  if (cached === undefined || cached.user.id !== id || cached.user.version < minVersion) return read;
  const { version, totalReviews } = cached.user;
  return { id, minVersion, knownVersion: version, isUnrated: totalReviews === 0 };
}

/** Whether the service answered that the version does not exist. */
export function isNotReached(answer: UserAnswer): boolean {
  return answer.outcome === 'failed' && degradedReason(answer.error) === 'version_not_reached';
}

/** The answer, with `unchanged` replaced by the copy in memory. */
export function resolveUnchanged(answer: UserAnswer, cached: CachedUser | undefined): UserAnswer {
  if (answer.outcome !== 'unchanged') return answer;
  if (cached?.user.version === answer.version) {
    return { outcome: 'found', user: cached.user, readAtMs: answer.readAtMs, source: 'service' };
  }
  return { outcome: 'failed', error: new AnswerMalformedError(`version ${answer.version} was never held`) };
}

/** Records a change that was seen while the read is in flight. */
export function recordChange(inFlight: InFlightRead, change: SeenChange): void {
  if (change.version <= (inFlight.latestSeen?.version ?? 0n)) return;
  inFlight.latestSeen = { version: change.version, seenAtMs: change.seenAtMs };
  inFlight.changes ??= [];
  inFlight.changes.push(change);
  if (inFlight.changes.length > MAX_RECORDED_CHANGES) inFlight.changes.shift();
}

/**
 * The answer with the recorded changes applied, as far as its view does not show them. An answer that may be
 * from before the service's database was replaced stays as it came: the changes belong to the other database.
 */
export function applySeenChanges(
  answer: UserAnswer,
  { wanted, batch, changes }: InFlightRead,
  cache: Pick<UserCache, 'isOfCurrentEra'>,
): UserAnswer {
  if (changes === undefined || answer.outcome !== 'found' || answer.user.id !== wanted.id) return answer;
  if (!cache.isOfCurrentEra(answer.readAtMs)) return answer;
  return { ...answer, ...applyChanges(answer.user, batch.scope.view, changes) };
}

/**
 * The answer of a survivor, dated by the first answer: only that one said that the survivor stands for the
 * id.
 */
export function withSurvivorTime(survivor: Survivor | undefined, answer: UserAnswer): UserAnswer {
  return survivor && answer.outcome === 'found' ? { ...answer, readAtMs: survivor.readAtMs } : answer;
}
