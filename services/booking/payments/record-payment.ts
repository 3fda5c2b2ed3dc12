import type { Logger } from '@rollcall/runtime';
import type { MetricReading } from '@rollcall/runtime/rpc';
import type { Booking, Payment } from '../bookings/booking.ts';
import { statusOf } from '../bookings/booking-status-transitions.ts';
import type { BookingWrites } from '../bookings/booking-store.ts';
import { type BookingName, changeBooking } from '../bookings/change-booking.ts';
import { isNewerPayment, matchOf, type PaymentMatch, withMainCurrency } from './payment-match.ts';

/** Counts and logs recorded payments for operators. */
export interface RecordedPayments {
  /** Counts a recorded payment, and logs a booking for a manual check of its money. */
  record(booking: Booking): void;
  /** Metrics: `rollcall_booking_payments_recorded_total`. */
  readings(): MetricReading[];
}

/** A person must decide about too much money or money in another currency. */
const NEEDS_REVIEW: ReadonlySet<PaymentMatch> = new Set(['EXCESS', 'OTHER_CURRENCY']);

/** Creates counters that start at 0 with the process. */
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
          'the received money of a booking differs from its amount',
        );
    },
    readings: () =>
      [...counts].map(([match, value]) => ({
        name: 'rollcall_booking_payments_recorded_total',
        help: 'Recorded payments of bookings, by how they compare with the amount.',
        type: 'counter',
        labels: { match: match.toLowerCase() },
        value,
      })),
  };
}

export interface RecordPaymentPorts {
  readonly writes: BookingWrites;
  readonly recorded: RecordedPayments;
}

interface RecordPaymentCommand extends BookingName {
  readonly payment: Payment;
  /** When the last payment or refund happened. Absent: now. */
  readonly happenTime?: Date | undefined;
}

/**
 * Records the payments of a booking. A report older than the recorded one changes nothing.
 * @throws BookingError BOOKING_NOT_FOUND
 */
export async function recordPayment(
  { writes, recorded }: RecordPaymentPorts,
  command: RecordPaymentCommand,
): Promise<Booking> {
  let isRecorded = false;
  const booking = await changeBooking(writes, command, ({ manualStatus, amount, payment: before }) => {
    const payment = withMainCurrency(amount, command.payment);
    isRecorded = isNewerPayment(payment, before);
    if (!isRecorded) return undefined;
    const { happenTime } = command;
    return {
      manualStatus,
      status: statusOf({ manualStatus, amount, payment }),
      payment,
      happenTime,
    };
  });
  if (isRecorded) recorded.record(booking);
  return booking;
}
