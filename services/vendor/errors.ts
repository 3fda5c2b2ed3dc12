/** Why the domain refuses; the names stand in the `ErrorReason` of vendors, or of users for what all services share. */
export type VendorErrorReason =
  | 'VENDOR_NOT_FOUND'
  | 'VENDOR_EXISTS'
  | 'USER_NOT_ELIGIBLE'
  | 'USER_UNKNOWN_NOW'
  | 'VERIFICATION_CHANGE_REFUSED'
  | 'ACTIVITY_NOT_FOUND'
  | 'VENDOR_NOT_VERIFIED'
  | 'ETAG_MISMATCH'
  | 'REQUEST_ID_REUSED';

/** A refusal of the domain. */
export class VendorError extends Error {
  override readonly name = 'VendorError';
  readonly reason: VendorErrorReason;
  /** Every changing part of the message. Never contact data. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: VendorErrorReason, message: string, metadata: Readonly<Record<string, string>>) {
    super(message);
    this.reason = reason;
    this.metadata = metadata;
  }
}

/** That there is no such vendor. */
export function vendorNotFound(tenantId: string, id: string): VendorError {
  return new VendorError('VENDOR_NOT_FOUND', `Tenant ${tenantId} has no vendor ${id}.`, {
    tenant_id: tenantId,
    id,
  });
}

/** That there is no such activity. */
export function activityNotFound(tenantId: string, id: string): VendorError {
  return new VendorError('ACTIVITY_NOT_FOUND', `Tenant ${tenantId} has no activity ${id}.`, {
    tenant_id: tenantId,
    id,
  });
}
