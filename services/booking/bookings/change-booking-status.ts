import { BookingError } from '../errors.ts';
import type { Booking, BookingStatus } from './booking.ts';
import { NEXT_STATUSES, statusOf } from './booking-status-transitions.ts';
import type { BookingWrites, HeldBooking } from './booking-writes.ts';
import { type BookingName, changeBooking } from './change-booking.ts';

/** Where a booking is to go. */
export interface ChangeStatusCommand extends BookingName {
  readonly status: BookingStatus;
}

/**
 * Moves a booking on; one that is there already stays as it is.
 * Throws BookingError BOOKING_NOT_FOUND, STATUS_CHANGE_REFUSED.
 */
export function changeBookingStatus(writes: BookingWrites, command: ChangeStatusCommand): Promise<Booking> {
  const { status: standing } = command;
  return changeBooking(writes, command, (held) => {
    const { amount, payment } = held;
    if (held.status === standing) return undefined;
    if (!NEXT_STATUSES[held.status].includes(standing)) throw refused(held, standing);
    return { standing, status: statusOf({ standing, amount, payment }), payment };
  });
}

function refused({ tenantId, id, status }: HeldBooking, to: BookingStatus): BookingError {
  const ways = NEXT_STATUSES[status];
  const message = `Booking ${id} is ${status}, and goes from there ${ways.length > 0 ? `to ${ways.join(' or ')} only` : 'nowhere'}.`;
  return new BookingError('STATUS_CHANGE_REFUSED', message, {
    metadata: { tenant_id: tenantId, id, from: status, to },
  });
}
