import { checkActive, refusalOf, type ShownUser, type Users } from '@rollcall/user-access';
import { BookingError } from './errors.ts';

/** Whom to ask about. */
interface RequiredUsers {
  readonly tenantId: string;
  /** In lower case. */
  readonly userIds: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Those who take part in something new: each is active, as far as is known; what was known before the user service went away
 * will do. One lookup, none for nobody. Throws BookingError USER_NOT_BOOKABLE, and USER_UNKNOWN_NOW where the user service
 * cannot be asked and nothing is known.
 */
export async function requireActiveUsers(
  users: Users,
  { tenantId, userIds, signal }: RequiredUsers,
): Promise<ReadonlyMap<string, ShownUser>> {
  const ids = [...new Set(userIds)];
  if (ids.length === 0) return new Map();
  const known = await users.lookUp(tenantId, ids, signal);
  for (const id of ids) {
    const judged = checkActive(known.get(id));
    if (judged.ok) continue;
    const { message, metadata } = refusalOf(judged, { tenantId, userId: id }, 'book as or with');
    const reason = judged.why === 'unknown' ? 'USER_UNKNOWN_NOW' : 'USER_NOT_BOOKABLE';
    throw new BookingError(reason, message, { metadata });
  }
  return known;
}
