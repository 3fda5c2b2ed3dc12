import { chargeSample, refundSample, type SampleRefundTerms } from './charge.ts';
import { disputeSample, type SampleDisputeTerms } from './dispute.ts';
import { paymentIntentSample, type SampleIntentTerms } from './payment-intent.ts';
import type { SamplePayment } from './sample-payment.ts';

/** What more an event of a payment may say. */
export interface PaymentEventTerms {
  /** What went back, in minor units. Default: all of it. */
  readonly refunded?: number | undefined;
  /** What went back with earlier refunds, in minor units. Default 0. */
  readonly refundedBefore?: number | undefined;
  /** Which of the payment's refunds, from 1. Default 1. */
  readonly refund?: number | undefined;
  /** How a dispute ended, for `charge.dispute.closed`. Default `lost`. */
  readonly outcome?: 'won' | 'lost' | 'warning_closed' | undefined;
}

type Maker = (payment: SamplePayment, terms: PaymentEventTerms) => object;

/** What each type of event about one payment is about, as it stands right after it. */
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

/** What went back by now, in minor units. */
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
