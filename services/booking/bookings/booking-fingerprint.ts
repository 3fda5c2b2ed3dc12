import { createHash } from 'node:crypto';
import type { NewBooking } from './booking.ts';

/**
 * A digest of what a caller asks for, equal for equal content: neither the order of keys in contact details nor
 * anything that the caller does not choose counts.
 */
export function fingerprintOf(booking: NewBooking): Uint8Array {
  // What is not given is left out, so that a field that the contract gains does not change the digests that are kept.
  const given = Object.entries(booking).filter(([, value]) => value !== null && value !== '');
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(given), canonical))
    .digest();
}

function canonical(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
