/** Reasons of the domain. Their names are those of `rollcall.user.v1.ErrorReason`. */
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

/** An error of the domain, which callers see. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly reason: UserErrorReason;
  /** The variable parts of the message. Never contact data. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: UserErrorReason, message: string, metadata: Readonly<Record<string, string>>) {
    super(message);
    this.reason = reason;
    this.metadata = metadata;
  }
}

/** The error for a deleted or erased user. */
export function userDeleted(tenantId: string, id: string, isErased = false): UserError {
  const message = isErased
    ? `User ${id} is erased, which cannot be undone.`
    : `User ${id} is deleted; undelete it first.`;
  return new UserError('USER_DELETED', message, { tenant_id: tenantId, id });
}

/** The error for an id that the tenant does not have. */
export function userNotFound(tenantId: string, id: string): UserError {
  return new UserError('USER_NOT_FOUND', `Tenant ${tenantId} has no user ${id}.`, {
    tenant_id: tenantId,
    id,
  });
}
