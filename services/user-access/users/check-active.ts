import { UserState } from '@rollcall/user-client';
import type { ShownUser } from './users.ts';

/** The result of `checkActive`. */
export type ActiveCheck =
  | { readonly ok: true; readonly user: Extract<ShownUser, { outcome: 'found' }> }
  | NotActive;

/** The reason why a user is not active. */
export type NotActive =
  | { readonly ok: false; readonly why: 'missing' | 'deleted' | 'suspended' }
  /** The user service is down and the user is not cached: worth a retry. `detail` is a word for programs. */
  | { readonly ok: false; readonly why: 'unknown'; readonly detail: string };

/**
 * Checks that a user is active. A stale user counts; an unknown user is refused.
 * @param known undefined when the lookup returned no entry for the user
 */
export function checkActive(known: ShownUser | undefined): ActiveCheck {
  if (!known) return { ok: false, why: 'unknown', detail: 'no_answer' };
  if (known.outcome === 'unavailable') return { ok: false, why: 'unknown', detail: known.why };
  if (known.outcome === 'missing') return { ok: false, why: 'missing' };
  if (known.outcome === 'deleted') return { ok: false, why: 'deleted' };
  if (known.user.state !== UserState.ACTIVE) return { ok: false, why: 'suspended' };
  return { ok: true, user: known };
}

/** The text of a refusal, from which each service makes its own error. */
export interface Refusal {
  readonly message: string;
  /** Each variable part of the message. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Describes a refusal in words that are equal in all services.
 * @param act the refused action up to the word "user": `pay as`
 */
export function refusalOf(
  check: NotActive,
  { tenantId, userId }: { tenantId: string; userId: string },
  act: string,
): Refusal {
  if (check.why === 'unknown') {
    const why = check.detail;
    const message = `The user service cannot be asked now about user ${userId} (${why}); try again.`;
    return { message, metadata: { user_id: userId, why } };
  }
  const { why } = check;
  const message =
    why === 'missing'
      ? `Nobody can ${act} user ${userId}: tenant ${tenantId} has no such user.`
      : `Nobody can ${act} user ${userId}, who is ${why}.`;
  return { message, metadata: { tenant_id: tenantId, user_id: userId, why } };
}
