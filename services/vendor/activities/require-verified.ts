import { VendorError } from '../errors.ts';
import type { ActivityState } from './activity.ts';
import type { OfferingVendor } from './activity-writes.ts';

/** Throws VendorError VENDOR_NOT_VERIFIED where the vendor may not publish what would be in this state. */
export function requireVerified(vendor: OfferingVendor, state: ActivityState): void {
  if (state !== 'PUBLISHED' || vendor.verificationState === 'VERIFIED') return;
  throw new VendorError(
    'VENDOR_NOT_VERIFIED',
    `Vendor ${vendor.id} may publish nothing: it is ${vendor.verificationState}, not VERIFIED.`,
    { id: vendor.id, verification_state: vendor.verificationState },
  );
}
