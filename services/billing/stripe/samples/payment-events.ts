import { chargeSample, refundSample, type SampleRefundTerms } from './charge.ts';
import { disputeSample, type SampleDisputeTerms } from './dispute.ts';
import { paymentIntentSample, type SampleIntentTerms } from './payment-intent.ts';
import type { SamplePayment } from './sample-payment.ts';

/** The variable part of a payment's sample event. */
export interface PaymentEventTerms {
  /**
   * The refunded amount, in minor units.
   * @defaultValue the whole payment
   */
  readonly refunded?: number | undefined;
  /**
   * The amount of earlier refunds, in minor units.
   * @defaultValue 0
   */
  readonly refundedBefore?: number | undefined;
  /**
   * The number of the refund within the payment, from 1.
   * @defaultValue 1
   */
  readonly refund?: number | undefined;
  /**
   * The outcome in `charge.dispute.closed`.
   * @defaultValue 'lost'
   */
  readonly outcome?: 'won' | 'lost' | 'warning_closed' | undefined;
}

type Maker = (payment: SamplePayment, terms: PaymentEventTerms) => object;

/** Creates the object of an event by its type, in its state after the event. */
export const PAYMENT_EVENTS: ReadonlyMap<string, Maker> = new Map(
  Object.entries<Maker>({
    'payment_intent.created': intent({ status: 'requires_payment_method' }),
    'payment_intent.requires_action': intent({ status: 'requires_action' }),
    'payment_intent.processing': intent({ status: 'processing' }),
    'payment_intent.amount_capturable_updated': intent({ status: 'requires_capture' }),
    'payment_intent.payment_failed': intent({ status: 'requires_payment_method', hasFailed: true }),
    'payment_intent.succeeded': intent({ status: 'succeeded' }),
    'payment_intent.canceled': intent({ status: 'canceled' }),
    'charge.succeeded': (payment) => chargeSample(payment, { status: 'succeeded' }),
    'charge.failed': (payment) => chargeSample(payment, { status: 'failed' }),
    'charge.pending': (payment) => chargeSample(payment, { status: 'pending' }),
    'charge.captured': (payment) => chargeSample(payment, { status: 'succeeded' }),
    'charge.updated': (payment) => chargeSample(payment, { status: 'succeeded' }),
    'charge.refunded': (payment, terms) =>
      chargeSample(payment, { status: 'succeeded', refunded: refundedOf(payment, terms) }),
    'charge.refund.updated': refund('succeeded'),
    'refund.created': refund('pending'),
    'refund.updated': refund('succeeded'),
    'refund.failed': refund('failed'),
    'charge.dispute.created': dispute({ status: 'needs_response' }),
    'charge.dispute.funds_withdrawn': dispute({ status: 'needs_response', movements: 1 }),
    'charge.dispute.updated': dispute({ status: 'under_review', movements: 1 }),
    'charge.dispute.closed': (payment, { outcome = 'lost' }) =>
      disputeSample(payment, { status: outcome, movements: outcome === 'warning_closed' ? 0 : 1 }),
    'charge.dispute.funds_reinstated': dispute({ status: 'won', movements: 2 }),
  }),
);

/** The total refunded amount, in minor units. */
function refundedOf({ amount }: SamplePayment, { refunded, refundedBefore = 0 }: PaymentEventTerms): number {
  return refundedBefore + (refunded ?? amount - refundedBefore);
}

function intent(terms: SampleIntentTerms): Maker {
  return (payment) => paymentIntentSample(payment, terms);
}

function refund(status: SampleRefundTerms['status']): Maker {
  return (payment, terms) =>
    refundSample(payment, {
      status,
      amount: terms.refunded ?? payment.amount - (terms.refundedBefore ?? 0),
      number: terms.refund ?? 1,
    });
}

function dispute(terms: SampleDisputeTerms): Maker {
  return (payment) => disputeSample(payment, terms);
}
