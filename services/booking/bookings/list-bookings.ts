import type { BookingList, BookingReads, ListPosition } from './booking-reads.ts';
import { type BookingUsers, type Patience, type ShownBooking, withUsers } from './booking-users.ts';

/** One page of a list. */
export interface BookingPage {
  readonly bookings: readonly ShownBooking[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: ListPosition;
}

/** One page of bookings with their users, of whom all are looked up at once. */
export async function listBookings(
  reads: BookingReads,
  users: BookingUsers,
  { patience, ...list }: BookingList & { patience: Patience },
): Promise<BookingPage> {
  // One more than asked for tells whether there is a next page.
  const found = await reads.list({ ...list, limit: list.limit + 1 });
  const page = found.slice(0, list.limit);
  const bookings = await withUsers(users, page, patience);
  const last = page.at(-1);
  if (found.length <= list.limit || !last) return { bookings };
  return { bookings, next: { timeMs: last.createTime.getTime(), id: last.id } };
}
