import { notFound } from '../errors.ts';
import { tellingsOfChange } from '../outbox/booking-tellings.ts';
import type { Booking } from './booking.ts';
import type { BookingChange, BookingWrites, DecidedChange, HeldBooking } from './booking-writes.ts';

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
  decide: (held: HeldBooking) => Omit<BookingChange, 'updateTime'> | undefined,
): Promise<Booking> {
  const booking = await writes.change(tenantId, id, (held) => {
    const change = decide(held);
    return change && withTellings(held, change);
  });
  if (!booking) throw notFound('booking', { tenantId, id });
  return booking;
}

function withTellings(held: HeldBooking, change: Omit<BookingChange, 'updateTime'>): DecidedChange {
  const updateTime = new Date();
  const tellings = tellingsOfChange({ ...held, ...change }, held.status, change.happenTime ?? updateTime);
  return { change: { ...change, updateTime }, tellings };
}
