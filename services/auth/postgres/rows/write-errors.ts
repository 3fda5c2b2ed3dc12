import { sqlState, violatedConstraint } from '@rollcall/runtime/postgres';
import { UserError } from '../../users/user-error.ts';
import type { WriteRequest } from '../../users/user-writes.ts';

/** What a write of `users` failed with, as the domain calls it; anything unexpected is itself. */
export function toUserError(error: unknown, { tenantId, id }: { tenantId: string; id: string }): unknown {
  if (sqlState(error) !== '23505') return error;
  if (violatedConstraint(error) === 'users_email_key') {
    return emailTaken(tenantId);
  }
  const message = `Tenant ${tenantId} has a user ${id} already.`;
  return new UserError('USER_ID_TAKEN', message, { tenant_id: tenantId, id });
}

/** EMAIL_TAKEN. The address itself stays out of messages and logs. */
export function emailTaken(tenantId: string): UserError {
  const message = `Another user of tenant ${tenantId} has this e-mail address.`;
  return new UserError('EMAIL_TAKEN', message, { tenant_id: tenantId });
}

/**
 * Throws UserError REQUEST_ID_REUSED unless what was done under this request's id was this very request. What a request said
 * of a user who was erased since is not known any more: its method is all that has to fit.
 */
export function requireSameRequest(
  request: WriteRequest,
  before: { readonly method: string; readonly fingerprint: Uint8Array },
): void {
  const isForgotten = before.fingerprint.length === 0;
  const isSame = isForgotten || Buffer.compare(before.fingerprint, request.fingerprint) === 0;
  if (before.method === request.method && isSame) return;
  const message = `Request id ${request.id} was used before, for another request; choose a new one.`;
  throw new UserError('REQUEST_ID_REUSED', message, {
    reused_request_id: request.id,
    method: before.method,
  });
}
