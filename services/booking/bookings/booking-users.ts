import type { User } from '@rollcall/user-client';
import type { Booking } from './booking.ts';

/** What is known of the user with this id. */
export type BookingUser = { readonly id: string } & (
  | {
      readonly outcome: 'found' | 'deleted';
      /** After a merge the one that survived, whose id then differs. */
      readonly user: User;
      /** The user service could not be asked, and this is what it said earlier, perhaps to the process before this one. */
      readonly stale: boolean;
    }
  | { readonly outcome: 'missing' }
  /** The user service cannot be asked and nothing is known from before. `why`: a word for logs and programs. */
  | { readonly outcome: 'unavailable'; readonly why: string }
);

/** How bookings learn who their users are. */
export interface BookingUsers {
  /**
   * What is known of each of these ids, which are distinct and at most 500; at most one call to the user service. Its
   * being away, slow or unwilling is told as an outcome. Rejects where the caller went away, which aborts `signal`.
   */
  lookUp(
    tenantId: string,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, BookingUser>>;
}

/** A booking and its user. */
export interface ShownBooking {
  readonly booking: Booking;
  /** Undefined: the booking has none. */
  readonly user: BookingUser | undefined;
}

/** Puts users beside bookings of one tenant, all of them by one lookup; none where no booking has a user. */
export async function withUsers(
  users: BookingUsers,
  bookings: readonly Booking[],
  signal: AbortSignal,
): Promise<ShownBooking[]> {
  const [first] = bookings;
  const ids = new Set(bookings.flatMap(({ userId }) => userId ?? []));
  const known = first && ids.size > 0 ? await users.lookUp(first.tenantId, [...ids], signal) : new Map();
  return bookings.map((booking) => ({
    booking,
    user: booking.userId ? known.get(booking.userId) : undefined,
  }));
}
