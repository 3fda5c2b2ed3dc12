import { BookingError, notFound } from '../errors.ts';
import { reportsOfBookingChange } from '../outbox/user-reports.ts';
import type { Booking, BookingStatus } from './booking.ts';
import { NEXT_STATUSES, statusOf } from './booking-status-transitions.ts';
import type { BookingChange, BookingWrites, DecidedChange, LockedBooking } from './booking-store.ts';

/** Which booking to change. */
export interface BookingName {
  readonly tenantId: string;
  /** In lower case. */
  readonly id: string;
}

/** Changes a booking that is there. Throws BookingError BOOKING_NOT_FOUND, and what `decide` throws. */
export async function changeBooking(
  writes: BookingWrites,
  { tenantId, id }: BookingName,
  decide: (held: LockedBooking) => Omit<BookingChange, 'updateTime'> | undefined,
): Promise<Booking> {
  const booking = await writes.change(tenantId, id, (held) => {
    const change = decide(held);
    return change && withReports(held, change);
  });
  if (!booking) throw notFound('booking', { tenantId, id });
  return booking;
}

function withReports(held: LockedBooking, change: Omit<BookingChange, 'updateTime'>): DecidedChange {
  const updateTime = new Date();
  const tellings = reportsOfBookingChange(
    { ...held, ...change },
    held.status,
    change.happenTime ?? updateTime,
  );
  return { change: { ...change, updateTime }, reports: tellings };
}

/** Where a booking is to go. */
interface ChangeStatusCommand extends BookingName {
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
    return { manualStatus: standing, status: statusOf({ manualStatus: standing, amount, payment }), payment };
  });
}

function refused({ tenantId, id, status }: LockedBooking, to: BookingStatus): BookingError {
  const ways = NEXT_STATUSES[status];
  const message = `Booking ${id} is ${status}, and goes from there ${ways.length > 0 ? `to ${ways.join(' or ')} only` : 'nowhere'}.`;
  return new BookingError('STATUS_CHANGE_REFUSED', message, {
    metadata: { tenant_id: tenantId, id, from: status, to },
  });
}
