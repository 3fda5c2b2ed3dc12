import type Stripe from 'stripe';
import { idBeside, type SamplePayment } from './sample-payment.ts';

/** The state of a sample dispute. */
export interface SampleDisputeTerms {
  readonly status: Stripe.Dispute.Status;
  /**
   * The number of times that money moved. 1: it was withdrawn; 2: it was returned too.
   * @defaultValue 0
   */
  readonly movements?: 0 | 1 | 2;
}

/** Creates a dispute about a whole payment as in Stripe's events. */
export function disputeSample(
  payment: SamplePayment,
  { status, movements = 0 }: SampleDisputeTerms,
): Stripe.Dispute {
  return {
    id: idBeside(payment, 'du'),
    object: 'dispute',
    amount: payment.amount,
    balance_transactions: [-payment.amount, payment.amount]
      .slice(0, movements)
      .map((amount, at) => movementOf(payment, amount, at)),
    charge: idBeside(payment, 'ch'),
    created: payment.created + 60,
    currency: payment.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: payment.created + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: status === 'under_review',
      past_due: false,
      submission_count: status === 'under_review' ? 1 : 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: status.startsWith('warning'),
    livemode: false,
    metadata: {},
    payment_intent: payment.id,
    payment_method_details: {
      card: { brand: 'visa', case_type: 'chargeback', network: 'visa', network_reason_code: '10.4' },
      type: 'card',
    },
    reason: 'fraudulent',
    status,
  };
}

function movementOf(payment: SamplePayment, amount: number, at: number): Stripe.BalanceTransaction {
  const created = payment.created + 60 + at;
  return {
    id: idBeside(payment, 'txn', 100 + at),
    object: 'balance_transaction',
    amount,
    available_on: created,
    balance_type: 'payments',
    created,
    currency: payment.currency,
    description: null,
    exchange_rate: null,
    fee: 0,
    fee_details: [],
    net: amount,
    reporting_category: at === 0 ? 'dispute' : 'dispute_reversal',
    source: idBeside(payment, 'du'),
    status: 'available',
    type: 'adjustment',
  };
}

const NO_EVIDENCE: Stripe.Dispute.Evidence = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
};
