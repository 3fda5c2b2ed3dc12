import type { User } from '@rollcall/contract/user';
import { UserNotFoundError, UserUnavailableError } from './errors.ts';
import type { UserLookup } from './user-lookup.ts';

/** The users of lookups, for who wants users and nothing else. Throws UserNotFoundError, UserUnavailableError. */
export function toUsers(tenantId: string, lookups: readonly UserLookup[]): User[] {
  const users = lookups.flatMap((lookup) => ('user' in lookup ? lookup.user : []));
  if (users.length === lookups.length) return users;
  const missing = lookups.filter((lookup) => lookup.outcome === 'missing').map(({ id }) => id);
  if (missing.length > 0) throw new UserNotFoundError(tenantId, [...new Set(missing)]);
  const unavailable = lookups.filter((lookup) => lookup.outcome === 'unavailable');
  const [first] = unavailable;
  if (first === undefined) return users;
  throw new UserUnavailableError(tenantId, [...new Set(unavailable.map(({ id }) => id))], first.degraded);
}
