import { VendorError, vendorNotFound } from '../errors.ts';
import type { VendorUserActivity } from '../outbox/user-activity.ts';
import type { Vendor, Verification, VerificationState } from './vendor.ts';
import type { VendorWrites } from './vendor-store.ts';

/** From which state a vendor can go to which. */
export const VERIFICATION_CHANGES: Readonly<Record<VerificationState, readonly VerificationState[]>> = {
  UNVERIFIED: ['SUBMITTED'],
  SUBMITTED: ['VERIFIED', 'REJECTED'],
  VERIFIED: ['SUSPENDED'],
  REJECTED: ['SUBMITTED'],
  SUSPENDED: ['VERIFIED', 'REJECTED'],
};

/** A state to go to, and why. */
interface VerificationTarget {
  readonly state: VerificationState;
  readonly note: string;
}

/**
 * What becomes of a vendor's verification; undefined: nothing changes. The state that it is in already changes the note at most,
 * so that a repeat is harmless. Throws VendorError VERIFICATION_CHANGE_REFUSED.
 */
export function changedVerification(
  vendor: Vendor,
  { state, note }: VerificationTarget,
  now: Date,
): Verification | undefined {
  const { verificationState: from, verifyTime } = vendor;
  if (state === from) {
    if (note === vendor.verificationNote) return undefined;
    return { verificationState: state, verificationNote: note, verifyTime };
  }
  if (!VERIFICATION_CHANGES[from].includes(state)) throw changeRefused(vendor, state);
  return {
    verificationState: state,
    verificationNote: note,
    verifyTime: state === 'VERIFIED' ? now : null,
  };
}

/** Tells a vendor's user that its vendor went from one state to another: `vendor.verified`. The note stays here. */
export function verificationActivity(vendor: Vendor, to: VerificationState, time: Date): VendorUserActivity {
  const word = to.toLowerCase();
  return {
    userId: vendor.userId,
    kind: `vendor.${word}`,
    time,
    summary: `Vendor ${word}`,
    attributes: { vendor_id: vendor.id, from: vendor.verificationState, to },
  };
}

function changeRefused({ id, verificationState: from }: Vendor, to: VerificationState): VendorError {
  const open = VERIFICATION_CHANGES[from].join(' or ');
  return new VendorError(
    'VERIFICATION_CHANGE_REFUSED',
    `Vendor ${id} is ${from}, and goes from there to ${open}, not to ${to}.`,
    { id, from, to },
  );
}

/** Which vendor goes where, and why. */
interface ChangeVerificationCommand extends VerificationTarget {
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
    return { values, userActivity: verificationActivity(current, target.state, now) };
  });
  if (vendor) return vendor;
  throw vendorNotFound(tenantId, id);
}
