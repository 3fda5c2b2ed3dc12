import type { Booking, Payment } from '../bookings/booking.ts';
import { isNewer, statusOf } from '../bookings/booking-status-transitions.ts';
import type { BookingWrites } from '../bookings/booking-writes.ts';
import { type BookingName, changeBooking } from '../bookings/change-booking.ts';
import { inCurrencyOf } from './payment-match.ts';
import type { RecordedPayments } from './recorded-payments.ts';

/** What RecordBookingPayment works with. */
export interface RecordPaymentPorts {
  readonly writes: BookingWrites;
  readonly recorded: RecordedPayments;
}

/** What is told of the money of a booking. */
export interface RecordPaymentCommand extends BookingName {
  readonly payment: Payment;
  /** When the last of it came in or went back; absent: now. */
  readonly happenTime?: Date | undefined;
}

/** Takes in what was paid and refunded; what is older than what is known changes nothing. Throws BookingError BOOKING_NOT_FOUND. */
export async function recordPayment(
  { writes, recorded }: RecordPaymentPorts,
  command: RecordPaymentCommand,
): Promise<Booking> {
  let isNews = false;
  const booking = await changeBooking(writes, command, ({ standing, amount, payment: before }) => {
    const payment = inCurrencyOf(amount, command.payment);
    isNews = isNewer(payment, before);
    if (!isNews) return undefined;
    const { happenTime } = command;
    return { standing, status: statusOf({ standing, amount, payment }), payment, happenTime };
  });
  if (isNews) recorded.note(booking);
  return booking;
}
