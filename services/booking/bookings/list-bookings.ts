import type { Users } from '@rollcall/user-access';
import { takeFitting } from './answer-size.ts';
import type { BookingList, BookingReads, ListPosition } from './booking-reads.ts';
import { type ShownBooking, withUsers } from './booking-users.ts';

/** One page of a list. */
export interface BookingPage {
  readonly bookings: readonly ShownBooking[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: ListPosition;
}

/** One page of bookings with their users, of whom all are looked up at once. Shorter than asked for where an answer cannot hold it. */
export async function listBookings(
  reads: BookingReads,
  users: Users,
  { signal, ...list }: BookingList & { signal: AbortSignal },
): Promise<BookingPage> {
  // One more than asked for tells whether there is a next page.
  const found = await reads.list({ ...list, limit: list.limit + 1 });
  const bookings = takeFitting(await withUsers(users, found.slice(0, list.limit), signal));
  const last = bookings.at(-1)?.booking;
  if (found.length <= bookings.length || !last) return { bookings };
  return { bookings, next: { timeMs: last.createTime.getTime(), id: last.id } };
}
