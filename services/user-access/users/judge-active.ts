import { UserState } from '@rollcall/user-client';
import type { KnownUser } from './users.ts';

/** Whether somebody may do what only active users may. */
export type ActiveJudgement =
  | { readonly ok: true; readonly user: Extract<KnownUser, { outcome: 'found' }> }
  | { readonly ok: false; readonly why: 'missing' | 'deleted' | 'suspended' }
  /** The user service cannot be asked and nothing is known from before: worth another try. `detail`: a word for programs. */
  | { readonly ok: false; readonly why: 'unknown'; readonly detail: string };

/**
 * Whether a user is active, as far as is known: what was known before the user service went away will do, and somebody of
 * whom nothing is known is refused.
 * @param known undefined: there was no answer about the user
 */
export function judgeActive(known: KnownUser | undefined): ActiveJudgement {
  if (!known) return { ok: false, why: 'unknown', detail: 'no_answer' };
  if (known.outcome === 'unavailable') return { ok: false, why: 'unknown', detail: known.why };
  if (known.outcome === 'missing') return { ok: false, why: 'missing' };
  if (known.outcome === 'deleted') return { ok: false, why: 'deleted' };
  if (known.user.state !== UserState.ACTIVE) return { ok: false, why: 'suspended' };
  return { ok: true, user: known };
}
