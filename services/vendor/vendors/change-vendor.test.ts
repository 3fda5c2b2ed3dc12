import { describe, expect, it } from 'vitest';
import { VendorError } from '../errors.ts';
import { changedVerification, VERIFICATION_CHANGES, verificationActivity } from './change-vendor.ts';
import type { Vendor, VerificationState } from './vendor.ts';

const STATES = Object.keys(VERIFICATION_CHANGES) as VerificationState[];
const NOW = new Date('2026-05-01T10:00:00Z');
const EARLIER = new Date('2026-04-01T10:00:00Z');

const OPEN = new Set([
  'UNVERIFIED SUBMITTED',
  'SUBMITTED VERIFIED',
  'SUBMITTED REJECTED',
  'REJECTED SUBMITTED',
  'VERIFIED SUSPENDED',
  'SUSPENDED VERIFIED',
  'SUSPENDED REJECTED',
]);

describe('changedVerification', () => {
  it.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))(
    'goes from %s to %s when the table allows it, and otherwise refuses',
    (from, to) => {
      const change = () => changedVerification(vendorIn(from), { state: to, note: 'seen' }, NOW);
      if (from === to) expect(change()).toBeUndefined();
      else if (OPEN.has(`${from} ${to}`)) expect(change()).toMatchObject({ verificationState: to });
      else expect(change).toThrow(VendorError);
    },
  );

  it('keeps the time of verification only while the vendor is verified', () => {
    const verified = changedVerification(vendorIn('SUSPENDED'), { state: 'VERIFIED', note: '' }, NOW);
    expect(verified?.verifyTime).toEqual(NOW);
    const suspended = changedVerification(vendorIn('VERIFIED'), { state: 'SUSPENDED', note: '' }, NOW);
    expect(suspended?.verifyTime).toBeNull();
  });

  it('takes another note for the current state, and keeps the time', () => {
    const noted = changedVerification(vendorIn('VERIFIED'), { state: 'VERIFIED', note: 'seen again' }, NOW);
    expect(noted).toEqual({
      verificationState: 'VERIFIED',
      verificationNote: 'seen again',
      verifyTime: EARLIER,
    });
  });

  it('names the open changes when it refuses one', () => {
    const change = () => changedVerification(vendorIn('SUBMITTED'), { state: 'SUSPENDED', note: '' }, NOW);
    expect(change).toThrow(/is SUBMITTED, and goes from there to VERIFIED or REJECTED, not to SUSPENDED/);
  });
});

describe('verificationActivity', () => {
  it('holds states and ids, and no text that a person wrote', () => {
    expect(verificationActivity(vendorIn('SUBMITTED'), 'VERIFIED', NOW)).toEqual({
      userId: 'user-1',
      kind: 'vendor.verified',
      time: NOW,
      summary: 'Vendor verified',
      attributes: { vendor_id: 'vendor-1', from: 'SUBMITTED', to: 'VERIFIED' },
    });
  });
});

function vendorIn(verificationState: VerificationState): Vendor {
  return {
    tenantId: 'acme',
    id: 'vendor-1',
    userId: 'user-1',
    businessLicense: '',
    serviceAreas: [],
    verificationState,
    verificationNote: 'seen',
    verifyTime: verificationState === 'VERIFIED' ? EARLIER : null,
    version: 1n,
    createTime: EARLIER,
    updateTime: EARLIER,
  };
}
