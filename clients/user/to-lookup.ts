import { ConnectError } from '@connectrpc/connect';
import { UserState } from '@rollcall/contract/user';
import { errorReason } from '@rollcall/transport';
import type { CachedUser } from './model/cached-user.ts';
import { degradedReason } from './model/classify-error.ts';
import { UserServiceRefusedError } from './model/errors.ts';
import type { UserLookup, UserOutcome } from './model/user-lookup.ts';
import type { UserAnswer } from './model/user-reader.ts';

/** A fresh entry as callers see it. */
export function toFreshLookup(id: string, { user, readAtMs }: CachedUser, nowMs: number): UserLookup {
  const outcome = user.state === UserState.DELETED ? 'deleted' : 'found';
  return { id, outcome, user, version: user.version, ageMs: nowMs - readAtMs, source: 'cache' };
}

/** An answer about an id as callers see it. Throws UserServiceRefusedError where the service said no. */
export function toLookup(id: string, answer: UserAnswer, nowMs: number): UserLookup {
  if (answer.outcome !== 'found' || answer.degraded !== undefined) return { id, ...toOutcome(answer, nowMs) };
  const { user, readAtMs, source } = answer;
  const outcome = user.state === UserState.DELETED ? 'deleted' : 'found';
  return { id, outcome, user, version: user.version, ageMs: nowMs - readAtMs, source };
}

/** An answer of the layers as callers see it. Throws UserServiceRefusedError where the service said no. */
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
