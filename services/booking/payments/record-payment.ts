import type { Logger } from '@rollcall/runtime';
import type { MetricReading } from '@rollcall/runtime/rpc';
import type { Booking, Payment } from '../bookings/booking.ts';
import { isNewer, statusOf } from '../bookings/booking-status-transitions.ts';
import type { BookingWrites } from '../bookings/booking-store.ts';
import { type BookingName, changeBooking } from '../bookings/change-booking.ts';
import { matchOf, type PaymentMatch, withMainCurrency } from './payment-match.ts';

/** What was told of the money of bookings, for operators. */
export interface RecordedPayments {
  /** Counts what was told, and logs a booking whose money needs a person to look at it. */
  record(booking: Booking): void;
  /** For /metrics. */
  readings(): MetricReading[];
}

/** Money that a person has to decide about: too much of it, or some in another currency. */
const NEEDS_REVIEW: ReadonlySet<PaymentMatch> = new Set(['EXCESS', 'OTHER_CURRENCY']);

/** Counts from 0, since the process began. */
export function createRecordedPayments(logger: Logger): RecordedPayments {
  const counts = new Map<PaymentMatch, number>();
  return {
    record(booking) {
      const match = matchOf(booking);
      counts.set(match, (counts.get(match) ?? 0) + 1);
      const others = booking.payment?.others.length ?? 0;
      if (NEEDS_REVIEW.has(match) || others > 0)
        logger.warn(
          { tenantId: booking.tenantId, bookingId: booking.id, match, otherCurrencies: others },
          'what came in for a booking is not what it costs',
        );
    },
    readings: () =>
      [...counts].map(([match, value]) => ({
        name: 'rollcall_booking_payments_recorded_total',
        help: 'Payments of bookings that were told, by how they compare with the amount.',
        type: 'counter',
        labels: { match: match.toLowerCase() },
        value,
      })),
  };
}

/** What RecordBookingPayment works with. */
export interface RecordPaymentPorts {
  readonly writes: BookingWrites;
  readonly recorded: RecordedPayments;
}

/** What is told of the money of a booking. */
interface RecordPaymentCommand extends BookingName {
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
  const booking = await changeBooking(
    writes,
    command,
    ({ manualStatus: standing, amount, payment: before }) => {
      const payment = withMainCurrency(amount, command.payment);
      isNews = isNewer(payment, before);
      if (!isNews) return undefined;
      const { happenTime } = command;
      return {
        manualStatus: standing,
        status: statusOf({ manualStatus: standing, amount, payment }),
        payment,
        happenTime,
      };
    },
  );
  if (isNews) recorded.record(booking);
  return booking;
}
