import { BookingError, notFound } from '../errors.ts';
import { reportsOfBookingChange } from '../outbox/user-reports.ts';
import type { Booking, BookingStatus } from './booking.ts';
import { NEXT_STATUSES, statusOf } from './booking-status-transitions.ts';
import type { BookingChange, BookingWrites, DecidedChange, LockedBooking } from './booking-store.ts';

/** The name of a booking. */
export interface BookingName {
  readonly tenantId: string;
  /** In lower case. */
  readonly id: string;
}

/**
 * Changes a booking and enqueues its reports.
 * @throws BookingError BOOKING_NOT_FOUND; what `decide` throws
 */
export async function changeBooking(
  writes: BookingWrites,
  { tenantId, id }: BookingName,
  decide: (locked: LockedBooking) => Omit<BookingChange, 'updateTime'> | undefined,
): Promise<Booking> {
  const booking = await writes.change(tenantId, id, (locked) => {
    const change = decide(locked);
    return change && withReports(locked, change);
  });
  if (!booking) throw notFound('booking', { tenantId, id });
  return booking;
}

function withReports(locked: LockedBooking, change: Omit<BookingChange, 'updateTime'>): DecidedChange {
  const updateTime = new Date();
  const reports = reportsOfBookingChange(
    { ...locked, ...change },
    locked.status,
    change.happenTime ?? updateTime,
  );
  return { change: { ...change, updateTime }, reports };
}

interface ChangeStatusCommand extends BookingName {
  readonly status: BookingStatus;
}

/**
 * Sets the status of a booking. The current status may be set again and changes nothing.
 * @throws BookingError BOOKING_NOT_FOUND, STATUS_CHANGE_REFUSED
 */
export function changeBookingStatus(writes: BookingWrites, command: ChangeStatusCommand): Promise<Booking> {
  const { status: manualStatus } = command;
  return changeBooking(writes, command, (locked) => {
    const { amount, payment } = locked;
    if (locked.status === manualStatus) return undefined;
    if (!NEXT_STATUSES[locked.status].includes(manualStatus)) throw refused(locked, manualStatus);
    return { manualStatus, status: statusOf({ manualStatus, amount, payment }), payment };
  });
}

function refused({ tenantId, id, status }: LockedBooking, to: BookingStatus): BookingError {
  const ways = NEXT_STATUSES[status];
  const message = `Booking ${id} is ${status}, and goes from there ${ways.length > 0 ? `to ${ways.join(' or ')} only` : 'nowhere'}.`;
  return new BookingError('STATUS_CHANGE_REFUSED', message, {
    metadata: { tenant_id: tenantId, id, from: status, to },
  });
}
