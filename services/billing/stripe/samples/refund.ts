import type Stripe from 'stripe';
import { idBeside, type SamplePayment } from './sample-payment.ts';

/** How a sample refund stands. */
export interface SampleRefundTerms {
  readonly status: 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled';
  /** In minor units. */
  readonly amount: number;
  /** Which of the payment's refunds, from 1. Default 1. */
  readonly number?: number;
}

/** A refund as Stripe sends it in an event. */
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
