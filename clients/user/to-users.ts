import type { User } from '@rollcall/contract/user';
import { UserNotFoundError, UserUnavailableError } from './model/errors.ts';
import type { UserAnswer } from './model/user-reader.ts';
import { toLookup } from './to-lookup.ts';

/** The users among the answers, for who wants users and nothing else. Throws UserNotFoundError, UserUnavailableError. */
export function toUsers(tenantId: string, ids: readonly string[], answers: readonly UserAnswer[]): User[] {
  const users: User[] = [];
  for (const answer of answers) {
    if (answer.outcome !== 'found') throw whyNot(tenantId, ids, answers);
    users.push(answer.user);
  }
  return users;
}

/** Why not all of them are users: a refusal before a missing one, and that before one that is unavailable. */
function whyNot(tenantId: string, ids: readonly string[], answers: readonly UserAnswer[]): Error {
  const lookups = answers.map((answer, i) => toLookup(ids[i] as string, answer, 0));
  const missing = lookups.filter((lookup) => lookup.outcome === 'missing').map(({ id }) => id);
  if (missing.length > 0) return new UserNotFoundError(tenantId, [...new Set(missing)]);
  const unavailable = lookups.filter((lookup) => lookup.outcome === 'unavailable');
  const [first] = unavailable;
  if (first === undefined) return new TypeError('all answers are users');
  return new UserUnavailableError(tenantId, [...new Set(unavailable.map(({ id }) => id))], first.degraded);
}
