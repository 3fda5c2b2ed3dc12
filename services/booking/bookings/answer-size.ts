import type { ShownBooking } from './booking-users.ts';

/** The most bytes of bookings in one answer: what fits into a message of 4 MiB with room for what stands around them. */
export const MAX_ANSWER_BYTES = 3_900_000;

/** As many of these, from the first on, as surely fit into one answer; at least one. */
export function takeFitting(bookings: readonly ShownBooking[]): readonly ShownBooking[] {
  let bytes = 0;
  const tooMany = bookings.findIndex((each, i) => {
    bytes += mostBytes(each);
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? bookings : bookings.slice(0, tooMany);
}

// Ids, times, dates, status, amount, tenant, reference: all of bounded length, with their field names.
const FRAME_BYTES = 1000;
// UTF-8 takes at most three for each unit of UTF-16.
const TEXT_BYTES = 3;
// A `google.protobuf.Struct` takes most for its JSON where it is a list of digits: eleven for two characters.
const JSON_BYTES = 6;

/** No fewer bytes than the booking takes on the wire; quicker than to write it down and look. */
function mostBytes({ booking, user }: ShownBooking): number {
  const known = user && 'user' in user ? user.user : undefined;
  const texts = known
    ? [known.displayName, known.firstName, known.lastName, known.businessName, known.profileImage]
    : [];
  const textLength = texts.reduce((sum, { length }) => sum + length, booking.title.length);
  const jsonLength = booking.contactDetails ? JSON.stringify(booking.contactDetails).length : 0;
  return FRAME_BYTES + TEXT_BYTES * textLength + JSON_BYTES * jsonLength;
}
