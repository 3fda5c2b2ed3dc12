/**
 * The reasons of `VendorError`. Each stands in the `ErrorReason` of vendors or, when all services share it,
 * of users.
 */
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

/** A refusal by the vendor domain. */
export class VendorError extends Error {
  override readonly name = 'VendorError';
  readonly reason: VendorErrorReason;
  /** Each variable part of the message. Never contact data. */
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: VendorErrorReason, message: string, metadata: Readonly<Record<string, string>>) {
    super(message);
    this.reason = reason;
    this.metadata = metadata;
  }
}

export function vendorNotFound(tenantId: string, id: string): VendorError {
  return new VendorError('VENDOR_NOT_FOUND', `Tenant ${tenantId} has no vendor ${id}.`, {
    tenant_id: tenantId,
    id,
  });
}

export function activityNotFound(tenantId: string, id: string): VendorError {
  return new VendorError('ACTIVITY_NOT_FOUND', `Tenant ${tenantId} has no activity ${id}.`, {
    tenant_id: tenantId,
    id,
  });
}

export function vendorNotVerified(vendor: {
  readonly id: string;
  readonly verificationState: string;
}): VendorError {
  const { id, verificationState } = vendor;
  const message = `Vendor ${id} may publish nothing: it is ${verificationState}, not VERIFIED.`;
  return new VendorError('VENDOR_NOT_VERIFIED', message, { id, verification_state: verificationState });
}
