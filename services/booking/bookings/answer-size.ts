import { mostTextBytes, mostUserBytes } from '../page.ts';
import type { ShownBooking } from './booking-with-users.ts';

// A `google.protobuf.Struct` takes most for its JSON where it is a list of digits: eleven for two characters.
const JSON_BYTES = 6;

// Two amounts of money with their codes, each number of at most ten bytes.
const OTHER_BYTES = 50;

/** No fewer bytes than the booking takes on the wire. */
export function mostBookingBytes({ booking, user, vendor }: ShownBooking): number {
  const jsonLength = booking.contactDetails ? JSON.stringify(booking.contactDetails).length : 0;
  const others = booking.payment?.others.length ?? 0;
  const own =
    mostTextBytes(booking.title, ...booking.petIds) + JSON_BYTES * jsonLength + OTHER_BYTES * others;
  return own + mostUserBytes(user) + mostUserBytes(vendor);
}
