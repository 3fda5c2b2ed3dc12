import type { CachedUser } from '../model/cached-user.ts';
import { AnswerMalformedError, degradedReason } from '../model/classify-error.ts';
import type { UserAnswer, UserRead } from '../model/user-reader.ts';
import type { SeenFloor } from '../store/known-versions.ts';
import { noteChanges, type SeenChange } from '../store/touched-views.ts';
import type { UserCache } from '../store/user-cache.ts';
import type { Batch } from './batcher.ts';
import type { Gathering } from './pending-answers.ts';

/** Where the answer of a flight is waited for, and who came next. */
export interface Place {
  readonly gathering: Pick<Gathering, 'put'>;
  readonly at: number;
  next: Place | undefined;
}

/** Who answered for an id that was merged away, and when. */
export interface Survivor {
  readonly id: string;
  readonly readAtMs: number;
}

/** A read on its way, and who waits for it. */
export interface Flight {
  /** What those who wait want. */
  readonly wanted: UserRead;
  /** What the service is asked. */
  read: UserRead;
  readonly batch: Batch<Flight>;
  /** What was held when it left, for the answer `unchanged`. */
  held: CachedUser | undefined;
  /** The highest version that was told while it was on its way. */
  told: SeenFloor | undefined;
  /** The changes that were told meanwhile, the latest of them where they were many. Undefined: none. */
  changes: SeenChange[] | undefined;
  /** Who is asked in place of the id, because it is known to be newer than it was answered. */
  survivor: Survivor | undefined;
  readonly beganAtMs: number;
  first: Place;
  last: Place;
  /** Whether others may come to wait for it too. */
  isJoinable: boolean;
  /** The id was invalidated meanwhile: those who wait are answered, and nothing is kept. */
  isDiscarded: boolean;
  /** Another one of the same id. */
  next: Flight | undefined;
}

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
