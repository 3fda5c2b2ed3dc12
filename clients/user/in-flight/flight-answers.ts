import { noteChanges, type SeenChange } from '../cache/store/touched-views.ts';
import type { UserCache } from '../cache/store/user-cache.ts';
import type { CachedUser } from '../model/cached-user.ts';
import { AnswerMalformedError, degradedReason } from '../model/classify-error.ts';
import type { UserAnswer, UserRead } from '../model/user-reader.ts';
import type { Flight, Survivor } from './in-flight-index.ts';

/** The read, saying which version is held where that would do. */
export function toFlown(read: UserRead, held: CachedUser | undefined): UserRead {
  const { id, minVersion } = read;
  if (held === undefined || held.user.id !== id || held.user.version < minVersion) return read;
  const { version, totalReviews } = held.user;
  return { id, minVersion, knownVersion: version, isUnrated: totalReviews === 0 };
}

/** Whether the service says that the version does not exist. */
export function isNotReached(answer: UserAnswer): boolean {
  return answer.outcome === 'failed' && degradedReason(answer.error) === 'version_not_reached';
}

/** The answer to a read that the service left out. */
export function unanswered(): UserAnswer {
  return { outcome: 'failed', error: new AnswerMalformedError('an id has no answer') };
}

/** The user that an answer means: of `unchanged` the one that is held. */
export function toFound(answer: UserAnswer, held: CachedUser | undefined): UserAnswer {
  if (answer.outcome !== 'unchanged') return answer;
  if (held?.user.version === answer.version) {
    return { outcome: 'found', user: held.user, readAtMs: answer.readAtMs, source: 'service' };
  }
  return { outcome: 'failed', error: new AnswerMalformedError(`version ${answer.version} was never held`) };
}

/** Changes that a read keeps which are told while it is on its way: more of one user in one deadline are rare. */
const MAX_TOLD_CHANGES = 16;

/** Lets a read on its way remember a change. */
export function noteTold(flight: Flight, change: SeenChange): void {
  if (change.version <= (flight.told?.version ?? 0n)) return;
  flight.told = { version: change.version, seenAtMs: change.seenAtMs };
  flight.changes ??= [];
  flight.changes.push(change);
  if (flight.changes.length > MAX_TOLD_CHANGES) flight.changes.shift();
}

/**
 * The answer as of the changes that were told while it was on its way, where its view shows none of them, or figures alone. What
 * may be from before the service's database was replaced stays as it came: the changes are of the other one.
 */
export function toRaised(
  answer: UserAnswer,
  { wanted, batch, changes }: Flight,
  cache: Pick<UserCache, 'isCertain'>,
): UserAnswer {
  if (changes === undefined || answer.outcome !== 'found' || answer.user.id !== wanted.id) return answer;
  if (!cache.isCertain(answer.readAtMs)) return answer;
  return { ...answer, ...noteChanges(answer.user, batch.scope.view, changes) };
}

/** That a survivor answers for the id is known from the first answer alone. */
export function since(survivor: Survivor | undefined, answer: UserAnswer): UserAnswer {
  return survivor && answer.outcome === 'found' ? { ...answer, readAtMs: survivor.readAtMs } : answer;
}
