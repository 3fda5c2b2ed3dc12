import { digestOf } from '@rollcall/runtime';
import type { NewBooking } from '../bookings/booking.ts';

/** A digest of what a caller asks for: nothing that the caller does not choose counts, nor the order of keys. */
export function fingerprintOf(booking: NewBooking): Uint8Array {
  // What is not given is left out, so that a field that the contract gains does not change the digests that are kept.
  const given = Object.entries(booking).filter(([, value]) => value !== null && value !== '');
  return digestOf(Object.fromEntries(given));
}
