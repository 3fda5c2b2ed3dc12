import { checkActive, refusalOf, type ShownUser, type Users } from '@rollcall/user-access';
import { BillingError } from './errors.ts';

/** A user who may act. */
type ActiveUser = Extract<ShownUser, { outcome: 'found' }>;

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
export function requireActive(known: ShownUser | undefined, ref: UserRef): ActiveUser {
  const judged = checkActive(known);
  if (judged.ok) return judged.user;
  const { message, metadata } = refusalOf(judged, ref, 'pay as');
  if (judged.why !== 'unknown') throw new BillingError('USER_NOT_ELIGIBLE', message, { metadata });
  throw new BillingError('USER_UNKNOWN_NOW', message, { metadata, retryDelayMs: RETRY_MS });
}

// About as long as the user client leaves a failing service alone.
const RETRY_MS = 1000;
