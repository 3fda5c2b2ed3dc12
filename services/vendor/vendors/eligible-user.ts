import { judgeActive, refusalOf } from '@rollcall/user-access';
import { VendorError } from '../errors.ts';
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
  ref: UserRef,
  signal: AbortSignal,
): Promise<string> {
  const known = await users.lookUp(ref.tenantId, [ref.userId], signal);
  const judged = judgeActive(known.get(ref.userId));
  if (judged.ok) return judged.user.user.id;
  const { message, metadata } = refusalOf(judged, ref, 'be a vendor as');
  throw new VendorError(
    judged.why === 'unknown' ? 'USER_UNKNOWN_NOW' : 'USER_NOT_ELIGIBLE',
    message,
    metadata,
  );
}
