import { judgeActive, type KnownUser, type Users } from '@rollcall/user-access';
import { BookingError } from './booking-error.ts';

/**
 * The user who books: active, as far as is known; what was known before the user service went away will do.
 * Throws BookingError USER_NOT_BOOKABLE, and USER_UNKNOWN_NOW where the user service cannot be asked and nothing is known.
 */
export async function requireBookableUser(
  users: Users,
  { tenantId, userId }: { tenantId: string; userId: string },
  signal: AbortSignal,
): Promise<KnownUser> {
  const judged = judgeActive((await users.lookUp(tenantId, [userId], signal)).get(userId));
  if (judged.ok) return judged.user;
  throw judged.why === 'unknown'
    ? unknownNow(userId, judged.detail)
    : notBookable(tenantId, userId, judged.why);
}

function notBookable(
  tenantId: string,
  userId: string,
  why: 'missing' | 'deleted' | 'suspended',
): BookingError {
  const message =
    why === 'missing'
      ? `Nobody can book as user ${userId}: tenant ${tenantId} has no such user.`
      : `Nobody can book as user ${userId}, who is ${why}.`;
  return new BookingError('USER_NOT_BOOKABLE', message, {
    metadata: { tenant_id: tenantId, user_id: userId, why },
  });
}

function unknownNow(userId: string, why: string): BookingError {
  const message = `The user service cannot be asked now about user ${userId} (${why}); try again.`;
  return new BookingError('USER_UNKNOWN_NOW', message, { metadata: { user_id: userId, why } });
}
