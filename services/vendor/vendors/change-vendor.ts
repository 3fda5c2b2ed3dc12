import { isDeepStrictEqual } from 'node:util';
import { VendorError, vendorNotFound } from '../errors.ts';
import type { VendorUserActivity } from '../outbox/user-activity.ts';
import {
  etagOf,
  type Vendor,
  type VendorProfile,
  type Verification,
  type VerificationState,
} from './vendor.ts';
import type { VendorWrites } from './vendor-store.ts';

interface UpdateVendorCommand {
  readonly tenantId: string;
  readonly id: string;
  readonly changes: Partial<VendorProfile>;
  /** The etag that the vendor must have. Empty: any. */
  readonly etag: string;
}

/**
 * Changes the given profile fields of a vendor. Equal values change nothing.
 * @throws VendorError VENDOR_NOT_FOUND, ETAG_MISMATCH
 */
export async function updateVendor(
  writes: VendorWrites,
  { tenantId, id, changes, etag }: UpdateVendorCommand,
): Promise<Vendor> {
  const vendor = await writes.change(tenantId, id, (current) => {
    requireEtag(current, etag);
    const isNew = Object.entries(changes).some(
      ([field, value]) => !isDeepStrictEqual(value, current[field as keyof VendorProfile]),
    );
    return isNew ? { values: changes } : undefined;
  });
  if (vendor) return vendor;
  throw vendorNotFound(tenantId, id);
}

function requireEtag(vendor: Vendor, etag: string): void {
  const current = etagOf(vendor);
  if (etag === '' || etag === current) return;
  throw new VendorError(
    'ETAG_MISMATCH',
    `Vendor ${vendor.id} has changed since etag ${etag}; read it again.`,
    { id: vendor.id, etag, current_etag: current },
  );
}

/** The states that may follow each state. */
export const VERIFICATION_CHANGES: Readonly<Record<VerificationState, readonly VerificationState[]>> = {
  UNVERIFIED: ['SUBMITTED'],
  SUBMITTED: ['VERIFIED', 'REJECTED'],
  VERIFIED: ['SUSPENDED'],
  REJECTED: ['SUBMITTED'],
  SUSPENDED: ['VERIFIED', 'REJECTED'],
};

/** A state to set, and the reason. */
interface VerificationTarget {
  readonly state: VerificationState;
  readonly note: string;
}

/**
 * Returns the changed verification, or undefined when nothing changes. The current state may be set again
 * with another note, so a repeated call does no harm.
 * @throws VendorError VERIFICATION_CHANGE_REFUSED
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

/** Returns the activity of a changed state: `vendor.verified`. It does not hold the note. */
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

interface ChangeVerificationCommand extends VerificationTarget {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Changes the verification of a vendor, and reports a changed state to its user's timeline.
 * @throws VendorError VENDOR_NOT_FOUND, VERIFICATION_CHANGE_REFUSED
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
