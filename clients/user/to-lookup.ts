import { ConnectError } from '@connectrpc/connect';
import { type User, UserState } from '@rollcall/contract/user';
import { errorReason } from '@rollcall/transport';
import type { CachedUser } from './model/cached-user.ts';
import { degradedReason } from './model/classify-error.ts';
import { UserNotFoundError, UserServiceRefusedError, UserUnavailableError } from './model/errors.ts';
import type { UserLookup, UserOutcome } from './model/user-lookup.ts';
import type { UserAnswer } from './model/user-reader.ts';

/** The lookup of a fresh entry. */
export function toFreshLookup(id: string, { user, readAtMs }: CachedUser, nowMs: number): UserLookup {
  const outcome = user.state === UserState.DELETED ? 'deleted' : 'found';
  return { id, outcome, user, version: user.version, ageMs: nowMs - readAtMs, source: 'cache' };
}

/** The lookup of an answer. @throws UserServiceRefusedError when the service refused */
export function toLookup(id: string, answer: UserAnswer, nowMs: number): UserLookup {
  if (answer.outcome !== 'found' || answer.degraded !== undefined) return { id, ...toOutcome(answer, nowMs) };
  const { user, readAtMs, source } = answer;
  const outcome = user.state === UserState.DELETED ? 'deleted' : 'found';
  return { id, outcome, user, version: user.version, ageMs: nowMs - readAtMs, source };
}

/** The outcome of an answer. @throws UserServiceRefusedError when the service refused */
export function toOutcome(answer: UserAnswer, nowMs: number): UserOutcome {
  switch (answer.outcome) {
    case 'found': {
      const { user, source, degraded } = answer;
      const outcome = user.state === UserState.DELETED ? 'deleted' : 'found';
      const known = { outcome, user, version: user.version, ageMs: nowMs - answer.readAtMs, source } as const;
      return degraded === undefined ? known : { ...known, degraded };
    }
    case 'missing':
      return { outcome: 'missing', source: answer.source, ageMs: nowMs - answer.readAtMs };
    case 'failed':
      return toUnavailable(answer.error);
    case 'unchanged':
      throw new TypeError('`unchanged` is between the cache and the service, and must not come out');
  }
}

function toUnavailable(error: unknown): UserOutcome {
  const reason = degradedReason(error);
  if (reason !== undefined) return { outcome: 'unavailable', degraded: { reason, cause: error } };
  if (error instanceof ConnectError) throw new UserServiceRefusedError(error, errorReason(error)?.reason);
  throw error;
}

/** The users of the answers. @throws UserNotFoundError or UserUnavailableError */
export function toUsers(tenantId: string, ids: readonly string[], answers: readonly UserAnswer[]): User[] {
  const users: User[] = [];
  for (const answer of answers) {
    if (answer.outcome !== 'found') throw toError(tenantId, ids, answers);
    users.push(answer.user);
  }
  return users;
}

/** Why one of the answers is not a user: a refusal first, then a missing user, then an unavailable one. */
function toError(tenantId: string, ids: readonly string[], answers: readonly UserAnswer[]): Error {
  const lookups = answers.map((answer, i) => toLookup(ids[i] as string, answer, 0));
  const missing = lookups.filter((lookup) => lookup.outcome === 'missing').map(({ id }) => id);
  if (missing.length > 0) return new UserNotFoundError(tenantId, [...new Set(missing)]);
  const unavailable = lookups.filter((lookup) => lookup.outcome === 'unavailable');
  const [first] = unavailable;
  if (first === undefined) return new TypeError('all answers are users');
  return new UserUnavailableError(tenantId, [...new Set(unavailable.map(({ id }) => id))], first.degraded);
}
