import { judgeActive } from '@rollcall/user-access';
import { VendorError } from '../vendor-error.ts';
import type { VendorUsers } from './vendor-users.ts';

/** Which user. */
export interface UserRef {
  readonly tenantId: string;
  readonly userId: string;
}

/**
 * The id of the user who is to be a vendor, which after a merge is the one that survived: active, as far as is known; what was
 * known before the user service went away will do.
 * Throws VendorError USER_NOT_ELIGIBLE, and USER_UNKNOWN_NOW where the user service cannot be asked and nothing is known.
 */
export async function requireEligibleUser(
  users: VendorUsers,
  { tenantId, userId }: UserRef,
  signal: AbortSignal,
): Promise<string> {
  const known = (await users.lookUp(tenantId, [userId], signal)).get(userId);
  const judged = judgeActive(known);
  if (judged.ok) return judged.user.user.id;
  throw judged.why === 'unknown'
    ? unknownNow(userId, judged.detail)
    : notEligible({ tenantId, userId }, judged.why);
}

function notEligible({ tenantId, userId }: UserRef, why: 'missing' | 'deleted' | 'suspended'): VendorError {
  const message =
    why === 'missing'
      ? `Nobody can be a vendor as user ${userId}: tenant ${tenantId} has no such user.`
      : `Nobody can be a vendor as user ${userId}, who is ${why}.`;
  return new VendorError('USER_NOT_ELIGIBLE', message, { tenant_id: tenantId, user_id: userId, why });
}

function unknownNow(userId: string, why: string): VendorError {
  const message = `The user service cannot be asked now about user ${userId} (${why}); try again.`;
  return new VendorError('USER_UNKNOWN_NOW', message, { user_id: userId, why });
}
