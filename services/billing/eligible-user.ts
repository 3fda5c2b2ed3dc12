import { judgeActive, type KnownUser, type Users } from '@rollcall/user-access';
import { BillingError } from './billing-error.ts';

/** A user who may act. */
export type ActiveUser = Extract<KnownUser, { outcome: 'found' }>;

/** Which user. */
export interface UserRef {
  readonly tenantId: string;
  readonly userId: string;
}

/**
 * The user who is to pay: active, as far as is known; what was known before the user service went away will do.
 * Throws BillingError USER_NOT_ELIGIBLE, and USER_UNKNOWN_NOW where the user service cannot be asked and nothing is known.
 */
export async function requireEligibleUser(
  users: Pick<Users, 'lookUp'>,
  ref: UserRef,
  signal: AbortSignal,
): Promise<ActiveUser> {
  const known = await users.lookUp(ref.tenantId, [ref.userId], signal);
  return requireActive(known.get(ref.userId), ref);
}

/** The user, where it is active. Throws as `requireEligibleUser` does. */
export function requireActive(known: KnownUser | undefined, ref: UserRef): ActiveUser {
  const judged = judgeActive(known);
  if (judged.ok) return judged.user;
  throw judged.why === 'unknown' ? unknownNow(ref, judged.detail) : notEligible(ref, judged.why);
}

function notEligible({ tenantId, userId }: UserRef, why: 'missing' | 'deleted' | 'suspended'): BillingError {
  const message =
    why === 'missing'
      ? `Nobody can pay as user ${userId}: tenant ${tenantId} has no such user.`
      : `Nobody can pay as user ${userId}, who is ${why}.`;
  return new BillingError('USER_NOT_ELIGIBLE', message, {
    metadata: { tenant_id: tenantId, user_id: userId, why },
  });
}

function unknownNow({ userId }: UserRef, why: string): BillingError {
  const message = `The user service cannot be asked now about user ${userId} (${why}); try again.`;
  return new BillingError('USER_UNKNOWN_NOW', message, {
    metadata: { user_id: userId, why },
    // About as long as the user client leaves a failing service alone.
    retryDelayMs: 1000,
  });
}
