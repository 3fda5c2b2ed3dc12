import type { Booking, Payment } from './booking.ts';
import { isNewer, statusOf } from './booking-course.ts';
import type { BookingWrites } from './booking-writes.ts';
import { type BookingName, changeBooking } from './change-booking.ts';

/** What is told of the money of a booking. */
export interface RecordPaymentCommand extends BookingName {
  readonly payment: Payment;
}

/** Takes in what was paid and refunded; what is older than what is known changes nothing. Throws BookingError BOOKING_NOT_FOUND. */
export function recordPayment(writes: BookingWrites, command: RecordPaymentCommand): Promise<Booking> {
  const { payment } = command;
  return changeBooking(writes, command, ({ standing, amount, payment: before }) =>
    isNewer(payment, before)
      ? { standing, status: statusOf({ standing, amount, payment }), payment }
      : undefined,
  );
}
