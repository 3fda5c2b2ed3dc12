import { checkActive, refusalOf, type ShownUser, type Users } from '@rollcall/user-access';
import { BillingError } from './errors.ts';

type ActiveUser = Extract<ShownUser, { outcome: 'found' }>;

/** The key of a user. */
export interface UserRef {
  readonly tenantId: string;
  readonly userId: string;
}

/**
 * Requires that the payer is active. A cached user is enough while the user service is unavailable.
 * @throws BillingError USER_NOT_ELIGIBLE when the user is not active, USER_UNKNOWN_NOW when the state is
 * unknown.
 */
export async function requireEligibleUser(
  users: Pick<Users, 'lookUp'>,
  ref: UserRef,
  signal: AbortSignal,
): Promise<ActiveUser> {
  const known = await users.lookUp(ref.tenantId, [ref.userId], signal);
  return requireActive(known.get(ref.userId), ref);
}

/**
 * Requires that a user is active.
 * @throws BillingError as `requireEligibleUser` does.
 */
export function requireActive(known: ShownUser | undefined, ref: UserRef): ActiveUser {
  const check = checkActive(known);
  if (check.ok) return check.user;
  const { message, metadata } = refusalOf(check, ref, 'pay as');
  if (check.why !== 'unknown') throw new BillingError('USER_NOT_ELIGIBLE', message, { metadata });
  throw new BillingError('USER_UNKNOWN_NOW', message, { metadata, retryDelayMs: RETRY_MS });
}

// About the time that the user client's breaker stays open.
const RETRY_MS = 1000;
