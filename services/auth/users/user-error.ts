/** Why the domain refuses; the names stand in `rollcall.user.v1.ErrorReason`. */
export type UserErrorReason =
  | 'USER_NOT_FOUND'
  | 'EMAIL_TAKEN'
  | 'USER_ID_TAKEN'
  | 'ETAG_MISMATCH'
  | 'USER_DELETED'
  | 'REQUEST_ID_REUSED'
  | 'VERSION_NOT_REACHED'
  | 'CURSOR_EXPIRED'
  | 'STREAM_TOO_SLOW'
  | 'PROFILE_TOO_LARGE'
  | 'MERGE_REFUSED'
  | 'EXTERNAL_ID_TAKEN'
  | 'ERASURE_NOT_FOUND'
  | 'OVERLOADED'
  | 'DRAINING';

/** A refusal of the domain. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly reason: UserErrorReason;
  /** Every changing part of the message. Never contact data. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: UserErrorReason, message: string, metadata: Readonly<Record<string, string>>) {
    super(message);
    this.reason = reason;
    this.metadata = metadata;
  }
}

/** The user is deleted, or even erased. */
export function userDeleted(tenantId: string, id: string, isErased = false): UserError {
  const message = isErased
    ? `User ${id} is erased, which cannot be undone.`
    : `User ${id} is deleted; undelete it first.`;
  return new UserError('USER_DELETED', message, { tenant_id: tenantId, id });
}

/** No user has this id in this tenant. */
export function userNotFound(tenantId: string, id: string): UserError {
  return new UserError('USER_NOT_FOUND', `Tenant ${tenantId} has no user ${id}.`, {
    tenant_id: tenantId,
    id,
  });
}
