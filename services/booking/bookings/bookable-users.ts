import { judgeActive, type KnownUser, type Users } from '@rollcall/user-access';
import { BookingError } from './booking-error.ts';

/** Whom to ask about. */
export interface WantedUsers {
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
export async function requireBookableUsers(
  users: Users,
  { tenantId, userIds, signal }: WantedUsers,
): Promise<ReadonlyMap<string, KnownUser>> {
  const ids = [...new Set(userIds)];
  if (ids.length === 0) return new Map();
  const known = await users.lookUp(tenantId, ids, signal);
  for (const id of ids) {
    const judged = judgeActive(known.get(id));
    if (judged.ok) continue;
    throw judged.why === 'unknown' ? unknownNow(id, judged.detail) : notBookable(tenantId, id, judged.why);
  }
  return known;
}

function notBookable(
  tenantId: string,
  userId: string,
  why: 'missing' | 'deleted' | 'suspended',
): BookingError {
  const message =
    why === 'missing'
      ? `Nobody can book as or with user ${userId}: tenant ${tenantId} has no such user.`
      : `Nobody can book as or with user ${userId}, who is ${why}.`;
  return new BookingError('USER_NOT_BOOKABLE', message, {
    metadata: { tenant_id: tenantId, user_id: userId, why },
  });
}

function unknownNow(userId: string, why: string): BookingError {
  const message = `The user service cannot be asked now about user ${userId} (${why}); try again.`;
  return new BookingError('USER_UNKNOWN_NOW', message, { metadata: { user_id: userId, why } });
}
