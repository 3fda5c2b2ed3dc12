import { UserState } from '@rollcall/user-client';
import type { ShownUser } from './users.ts';

/** Whether somebody may do what only active users may. */
export type ActiveCheck =
  | { readonly ok: true; readonly user: Extract<ShownUser, { outcome: 'found' }> }
  | NotActive;

/** Why somebody may not. */
export type NotActive =
  | { readonly ok: false; readonly why: 'missing' | 'deleted' | 'suspended' }
  /** The user service cannot be asked and nothing is known from before: worth another try. `detail`: a word for programs. */
  | { readonly ok: false; readonly why: 'unknown'; readonly detail: string };

/**
 * Whether a user is active, as far as is known: what was known before the user service went away will do, and somebody of
 * whom nothing is known is refused.
 * @param known undefined: there was no answer about the user
 */
export function checkActive(known: ShownUser | undefined): ActiveCheck {
  if (!known) return { ok: false, why: 'unknown', detail: 'no_answer' };
  if (known.outcome === 'unavailable') return { ok: false, why: 'unknown', detail: known.why };
  if (known.outcome === 'missing') return { ok: false, why: 'missing' };
  if (known.outcome === 'deleted') return { ok: false, why: 'deleted' };
  if (known.user.state !== UserState.ACTIVE) return { ok: false, why: 'suspended' };
  return { ok: true, user: known };
}

/** A refusal in words, before a service makes an error of its own of it. */
export interface Refusal {
  readonly message: string;
  /** Every changing part of the message. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * What to tell whoever wanted to do something as somebody who is not active: the same words in every service.
 * @param act what only active users may, up to the word "user": `pay as`
 */
export function refusalOf(
  judged: NotActive,
  { tenantId, userId }: { tenantId: string; userId: string },
  act: string,
): Refusal {
  if (judged.why === 'unknown') {
    const why = judged.detail;
    const message = `The user service cannot be asked now about user ${userId} (${why}); try again.`;
    return { message, metadata: { user_id: userId, why } };
  }
  const { why } = judged;
  const message =
    why === 'missing'
      ? `Nobody can ${act} user ${userId}: tenant ${tenantId} has no such user.`
      : `Nobody can ${act} user ${userId}, who is ${why}.`;
  return { message, metadata: { tenant_id: tenantId, user_id: userId, why } };
}
