import { withUsers as attachUsers, type KnownUser, type Users } from '@rollcall/user-access';
import type { Booking } from './booking.ts';

/** A booking and its user. */
export interface ShownBooking {
  readonly booking: Booking;
  /** Undefined: the booking has none. */
  readonly user: KnownUser | undefined;
}

/** Puts users beside bookings of one tenant, all of them by one lookup; none where no booking has a user. */
export async function withUsers(
  users: Users,
  bookings: readonly Booking[],
  signal: AbortSignal,
): Promise<ShownBooking[]> {
  const tenantId = bookings[0]?.tenantId ?? '';
  const shown = await attachUsers(users, bookings, { tenantId, columns: COLUMNS, signal });
  return shown.map(({ row: booking, users: { user } }) => ({ booking, user }));
}

const COLUMNS = { user: ({ userId }: Booking) => userId };
