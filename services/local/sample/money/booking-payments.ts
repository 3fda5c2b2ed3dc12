import { PaymentState } from '@rollcall/contract/billing';
import { BookingStatus } from '@rollcall/contract/booking';
import type { SampleBooking } from '../sample-bookings.ts';

/** An event of Stripe about a payment, some seconds after the payment was created. */
export interface PaymentStep {
  readonly afterS: number;
  readonly type: string;
  /** Parts of the amount that went back, of three. Default: all of it, where money goes back. */
  readonly thirds?: { readonly refunded: number; readonly before: number; readonly refund: number };
  /** How a dispute ended. */
  readonly outcome?: 'won' | 'lost';
}

/** Events of a payment, and its final state. */
export interface PaymentCourse {
  readonly steps: readonly PaymentStep[];
  readonly state: PaymentState;
}

/** The payment of a sample booking. */
export interface BookingPayment extends PaymentCourse {
  /** "pi_…" */
  readonly id: string;
  /** Creation time, in seconds since 1970. */
  readonly createdS: number;
}

const HOUR_S = 3600;
/** Seconds between booking and payment. */
const PAYS_AFTER_S = 300;

// Events of one payment are in different seconds, so that their order is certain. Most payments have one
// event, because the start waits for each.
const SUCCEEDED: PaymentStep = { afterS: 2, type: 'payment_intent.succeeded' };
const PAID_STEPS: readonly PaymentStep[] = [{ afterS: 1, type: 'charge.succeeded' }, SUCCEEDED];
const ATTEMPT_FAILED: PaymentStep = { afterS: 2, type: 'payment_intent.payment_failed' };
const A_THIRD_BACK_STEPS: readonly PaymentStep[] = [
  ...PAID_STEPS,
  ...refundOf({ refunded: 1, before: 0, refund: 1 }),
];

const PAID: PaymentCourse = { state: PaymentState.SUCCEEDED, steps: [SUCCEEDED] };
const FAILED: PaymentCourse = { state: PaymentState.PENDING, steps: [ATTEMPT_FAILED] };
const FAILED_THEN_PAID: PaymentCourse = {
  state: PaymentState.SUCCEEDED,
  steps: [ATTEMPT_FAILED, { ...SUCCEEDED, afterS: 61 }],
};
const CANCELED: PaymentCourse = {
  state: PaymentState.CANCELED,
  steps: [{ afterS: 3, type: 'payment_intent.canceled' }],
};
const REFUNDED: PaymentCourse = {
  state: PaymentState.REFUNDED,
  steps: [
    ...PAID_STEPS,
    { afterS: HOUR_S, type: 'charge.refunded' },
    { afterS: HOUR_S + 1, type: 'refund.updated' },
  ],
};
const A_THIRD_BACK: PaymentCourse = {
  state: PaymentState.PARTIALLY_REFUNDED,
  steps: A_THIRD_BACK_STEPS,
};
const REFUNDED_IN_TWO: PaymentCourse = {
  state: PaymentState.REFUNDED,
  steps: [...A_THIRD_BACK_STEPS, ...refundOf({ refunded: 2, before: 1, refund: 2 })],
};
const DISPUTE_WON = disputed('won');
const DISPUTE_LOST = disputed('lost');

/**
 * Courses of payments by booking status, taken in turn. Undefined for a booking without a payment. Every PAID
 * booking has a payment. The others have few, because the start waits for each.
 */
const COURSES: ReadonlyMap<BookingStatus, readonly (PaymentCourse | undefined)[]> = new Map([
  [BookingStatus.PENDING, oneIn(6, [FAILED])],
  [BookingStatus.PAID, [PAID, PAID, FAILED_THEN_PAID, PAID, PAID, A_THIRD_BACK, PAID, PAID]],
  [BookingStatus.COMPLETED, oneIn(4, [PAID, A_THIRD_BACK, DISPUTE_WON])],
  [BookingStatus.ATTENDED, oneIn(4, [PAID, A_THIRD_BACK, DISPUTE_LOST])],
  [BookingStatus.CANCELLED, oneIn(4, [REFUNDED, CANCELED, REFUNDED_IN_TWO])],
]);

/**
 * Returns the payments of the bookings, by booking reference. Equal in every run. A cancelled booking is
 * refunded or was never paid.
 * @param bookings of `sampleBookings`
 */
export function bookingPayments(bookings: readonly SampleBooking[]): ReadonlyMap<string, BookingPayment> {
  const seen = new Map<BookingStatus, number>();
  const payments = new Map<string, BookingPayment>();
  for (const { request, bookedAtMs } of bookings) {
    const { status, reference } = request.booking;
    const nth = seen.get(status) ?? 0;
    seen.set(status, nth + 1);
    const courses = COURSES.get(status) ?? [];
    const course = courses[nth % courses.length];
    if (!course) continue;
    // Stripe's ids have letters and digits only.
    const id = `pi_${reference.replaceAll('-', '')}`;
    payments.set(reference, { id, createdS: bookedAtMs / 1000 + PAYS_AFTER_S, ...course });
  }
  return payments;
}

function oneIn(count: number, courses: readonly PaymentCourse[]): (PaymentCourse | undefined)[] {
  const none = Array.from({ length: count - 1 }, () => undefined);
  return courses.flatMap((course) => [course, ...none]);
}

function refundOf(thirds: NonNullable<PaymentStep['thirds']>): PaymentStep[] {
  const afterS = HOUR_S * thirds.refund;
  return [
    { afterS, type: 'charge.refunded', thirds },
    { afterS: afterS + 1, type: 'refund.updated', thirds },
  ];
}

function disputed(outcome: 'won' | 'lost'): PaymentCourse {
  return {
    state: PaymentState.SUCCEEDED,
    steps: [
      ...PAID_STEPS,
      { afterS: 90, type: 'charge.dispute.created' },
      { afterS: 2 * HOUR_S, type: 'charge.dispute.closed', outcome },
    ],
  };
}
