import type { Users } from '@rollcall/user-access';
import type { BookingView } from './booking.ts';
import { BookingError } from './booking-error.ts';
import type { BookingReads } from './booking-reads.ts';
import { type ShownBooking, withUsers } from './booking-users.ts';

/** Which booking, and how much of it. */
export interface GetBookingQuery {
  readonly tenantId: string;
  readonly id: string;
  readonly view: BookingView;
  readonly signal: AbortSignal;
}

/** One booking with its user. Throws BookingError BOOKING_NOT_FOUND. */
export async function getBooking(
  reads: BookingReads,
  users: Users,
  { tenantId, id, view, signal }: GetBookingQuery,
): Promise<ShownBooking> {
  const booking = await reads.find(tenantId, id, view);
  const [shown] = booking ? await withUsers(users, [booking], signal) : [];
  if (shown) return shown;
  throw new BookingError('BOOKING_NOT_FOUND', `Tenant ${tenantId} has no booking ${id}.`, {
    metadata: { tenant_id: tenantId, id },
  });
}
