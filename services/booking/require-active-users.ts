import { checkActive, refusalOf, type ShownUser, type Users } from '@rollcall/user-access';
import { BookingError } from './errors.ts';

interface RequiredUsers {
  readonly tenantId: string;
  /** In lower case. */
  readonly userIds: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Requires active users, by one lookup, or none for an empty list. A stale user counts.
 * @throws BookingError USER_NOT_BOOKABLE; USER_UNKNOWN_NOW when the user service is down and a user is not
 * cached
 */
export async function requireActiveUsers(
  users: Users,
  { tenantId, userIds, signal }: RequiredUsers,
): Promise<ReadonlyMap<string, ShownUser>> {
  const ids = [...new Set(userIds)];
  if (ids.length === 0) return new Map();
  const known = await users.lookUp(tenantId, ids, signal);
  for (const id of ids) {
    const check = checkActive(known.get(id));
    if (check.ok) continue;
    const { message, metadata } = refusalOf(check, { tenantId, userId: id }, 'book as or with');
    const reason = check.why === 'unknown' ? 'USER_UNKNOWN_NOW' : 'USER_NOT_BOOKABLE';
    throw new BookingError(reason, message, { metadata });
  }
  return known;
}
