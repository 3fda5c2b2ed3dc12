import type Stripe from 'stripe';
import { idBeside, type SamplePayment } from './sample-payment.ts';

/** The state of a sample charge. */
interface SampleChargeTerms {
  readonly status: 'succeeded' | 'pending' | 'failed';
  /**
   * The refunded amount, in minor units.
   * @defaultValue 0
   */
  readonly refunded?: number;
  /** @defaultValue false */
  readonly disputed?: boolean;
}

/** Creates a charge as in Stripe's events. It names no person. */
export function chargeSample(payment: SamplePayment, terms: SampleChargeTerms): Stripe.Charge {
  const { amount, currency, created, customer, metadata } = payment;
  const { status, refunded = 0, disputed = false } = terms;
  const isIn = status === 'succeeded';
  const hasFailed = status === 'failed';
  return {
    // A failed attempt and the next one are different charges.
    id: `${idBeside(payment, 'ch')}${hasFailed ? 'F' : ''}`,
    object: 'charge',
    amount,
    amount_captured: isIn ? amount : 0,
    amount_refunded: refunded,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: isIn ? idBeside(payment, 'txn') : null,
    billing_details: { address: NO_ADDRESS, email: null, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: 'ROLLCALL',
    captured: isIn,
    created: created + 1,
    currency,
    customer,
    description: null,
    disputed,
    failure_balance_transaction: null,
    failure_code: hasFailed ? 'card_declined' : null,
    failure_message: hasFailed ? 'Your card was declined.' : null,
    fraud_details: {},
    livemode: false,
    metadata: { ...metadata },
    on_behalf_of: null,
    outcome: hasFailed ? DECLINED : APPROVED,
    paid: !hasFailed,
    payment_intent: payment.id,
    payment_method: idBeside(payment, 'pm'),
    payment_method_details: null,
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: isIn && refunded === amount,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status,
    transfer_data: null,
    transfer_group: null,
  };
}

const NO_ADDRESS = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

const APPROVED: Stripe.Charge.Outcome = {
  advice_code: null,
  network_advice_code: null,
  network_decline_code: null,
  network_status: 'approved_by_network',
  reason: null,
  risk_level: 'normal',
  risk_score: 20,
  seller_message: 'Payment complete.',
  type: 'authorized',
};

const DECLINED: Stripe.Charge.Outcome = {
  ...APPROVED,
  network_decline_code: '05',
  network_status: 'declined_by_network',
  reason: 'generic_decline',
  seller_message: 'The bank did not return any further details with this decline.',
  type: 'issuer_declined',
};

/** The state of a sample refund. */
export interface SampleRefundTerms {
  readonly status: 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled';
  /** In minor units. */
  readonly amount: number;
  /**
   * The number of the refund within the payment, from 1.
   * @defaultValue 1
   */
  readonly number?: number;
}

/** Creates a refund as in Stripe's events. */
export function refundSample(payment: SamplePayment, terms: SampleRefundTerms): Stripe.Refund {
  const { status, amount, number = 1 } = terms;
  return {
    id: idBeside(payment, 're', number),
    object: 'refund',
    amount,
    balance_transaction: status === 'succeeded' ? idBeside(payment, 'txn', number) : null,
    charge: idBeside(payment, 'ch'),
    created: payment.created + 10 * number,
    currency: payment.currency,
    customer: payment.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    ...(status === 'failed' && { failure_reason: 'expired_or_canceled_card' }),
    metadata: {},
    payment_intent: payment.id,
    payment_method: idBeside(payment, 'pm'),
    reason: 'requested_by_customer',
    receipt_number: null,
    source_transfer_reversal: null,
    status,
    transfer_reversal: null,
  };
}
