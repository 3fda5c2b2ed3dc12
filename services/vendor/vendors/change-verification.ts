import { vendorNotFound } from '../errors.ts';
import type { Vendor } from './vendor.ts';
import type { VendorWrites } from './vendor-writes.ts';
import { changedVerification, type VerificationTarget, verificationEvent } from './verification.ts';

/** Which vendor goes where, and why. */
export interface ChangeVerificationCommand extends VerificationTarget {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Says how far a vendor has been checked, and tells its user where that is news.
 * Throws VendorError VENDOR_NOT_FOUND, VERIFICATION_CHANGE_REFUSED.
 */
export async function changeVerification(
  writes: VendorWrites,
  { tenantId, id, ...target }: ChangeVerificationCommand,
): Promise<Vendor> {
  const vendor = await writes.change(tenantId, id, (current) => {
    const now = new Date();
    const values = changedVerification(current, target, now);
    if (!values) return undefined;
    if (target.state === current.verificationState) return { values };
    return { values, event: verificationEvent(current, target.state, now) };
  });
  if (vendor) return vendor;
  throw vendorNotFound(tenantId, id);
}
