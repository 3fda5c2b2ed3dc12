import { type ShownUser, type Users, withUsers } from '@rollcall/user-access';
import { maxTextBytes, maxUserBytes } from '../page.ts';
import type { Booking } from './booking.ts';

/** A booking and its users. */
export interface BookingWithUsers {
  readonly booking: Booking;
  /** Undefined: the booking has no user. */
  readonly user: ShownUser | undefined;
  /** The vendor's user. Undefined: the booking has no vendor. */
  readonly vendor: ShownUser | undefined;
}

/** Adds users and vendors to bookings of one tenant, by one lookup. Bookings without users need no lookup. */
export async function bookingsWithUsers(
  users: Users,
  bookings: readonly Booking[],
  signal: AbortSignal,
): Promise<BookingWithUsers[]> {
  const tenantId = bookings[0]?.tenantId ?? '';
  const columns = { user: userOf, vendor: vendorOf };
  const shown = await withUsers(users, bookings, { tenantId, columns, signal });
  return shown.map(({ row, users: { user, vendor } }) => ({ booking: row, user, vendor }));
}

/** Adds users to one booking. */
export async function bookingWithUsers(
  users: Users,
  booking: Booking,
  signal: AbortSignal,
): Promise<BookingWithUsers> {
  const [shown] = await bookingsWithUsers(users, [booking], signal);
  return shown ?? { booking, user: undefined, vendor: undefined };
}

function userOf({ userId }: Booking): string | null {
  return userId;
}

function vendorOf({ vendorId }: Booking): string | null {
  return vendorId;
}

// The worst case of a `google.protobuf.Struct` is a list of digits: eleven bytes for two characters of JSON.
const JSON_BYTES = 6;

// Two amounts of money with currency codes, each number of at most ten bytes.
const OTHER_BYTES = 50;

/** Returns an upper bound of the encoded size of a booking. */
export function maxBookingBytes({ booking, user, vendor }: BookingWithUsers): number {
  const jsonLength = booking.contactDetails ? JSON.stringify(booking.contactDetails).length : 0;
  const others = booking.payment?.others.length ?? 0;
  const own = maxTextBytes(booking.title, ...booking.petIds) + JSON_BYTES * jsonLength + OTHER_BYTES * others;
  return own + maxUserBytes(user) + maxUserBytes(vendor);
}
