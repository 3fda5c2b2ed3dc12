import type { Users } from '@rollcall/user-access';
import { notFound } from '../errors.ts';
import type { BookingView } from './booking.ts';
import type { BookingReads } from './booking-reads.ts';
import { type ShownBooking, showBooking } from './booking-with-users.ts';

/** Which booking, and how much of it. */
export interface GetBookingQuery {
  readonly tenantId: string;
  readonly id: string;
  readonly view: BookingView;
  readonly signal: AbortSignal;
}

/** One booking with its users. Throws BookingError BOOKING_NOT_FOUND. */
export async function getBooking(
  reads: BookingReads,
  users: Users,
  { tenantId, id, view, signal }: GetBookingQuery,
): Promise<ShownBooking> {
  const booking = await reads.find(tenantId, id, view);
  if (!booking) throw notFound('booking', { tenantId, id });
  return showBooking(users, booking, signal);
}
