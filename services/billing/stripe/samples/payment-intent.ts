import type Stripe from 'stripe';
import { idBeside, type SamplePayment } from './sample-payment.ts';

/** The state of a sample intent. */
export interface SampleIntentTerms {
  readonly status: Stripe.PaymentIntent.Status;
  /**
   * True: the last attempt failed.
   * @defaultValue false
   */
  readonly hasFailed?: boolean;
  /**
   * True: there was an attempt, which is the latest charge.
   * @defaultValue true when money moved or the attempt failed
   */
  readonly isAttempted?: boolean;
}

/** Creates a payment intent as in Stripe's events, with every field of the pinned API version. */
export function paymentIntentSample(payment: SamplePayment, terms: SampleIntentTerms): Stripe.PaymentIntent {
  const { id, amount, currency, created, customer, metadata } = payment;
  const { status, hasFailed = false, isAttempted = hasFailed || MOVED.has(status) } = terms;
  const paymentMethod = isAttempted && !hasFailed ? idBeside(payment, 'pm') : null;
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount,
    amount_capturable: status === 'requires_capture' ? amount : 0,
    amount_details: { tip: {} },
    amount_received: status === 'succeeded' ? amount : 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: { allow_redirects: 'always', enabled: true },
    canceled_at: status === 'canceled' ? created + 3 : null,
    cancellation_reason: status === 'canceled' ? 'requested_by_customer' : null,
    capture_method: status === 'requires_capture' ? 'manual' : 'automatic_async',
    client_secret: `${id}_secret_sample`,
    confirmation_method: 'automatic',
    created,
    currency,
    customer,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: hasFailed ? declined(payment) : null,
    latest_charge: isAttempted ? `${idBeside(payment, 'ch')}${hasFailed ? 'F' : ''}` : null,
    livemode: false,
    managed_payments: null,
    metadata: { ...metadata },
    next_action: null,
    on_behalf_of: null,
    payment_method: paymentMethod,
    payment_method_configuration_details: null,
    payment_method_options: { card: CARD_OPTIONS },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status,
    transfer_data: null,
    transfer_group: null,
  };
}

const MOVED = new Set<Stripe.PaymentIntent.Status>(['processing', 'requires_capture', 'succeeded']);

const CARD_OPTIONS = {
  installments: null,
  mandate_options: null,
  network: null,
  request_three_d_secure: 'automatic',
} as const;

function declined(payment: SamplePayment): Stripe.PaymentIntent.LastPaymentError {
  return {
    charge: `${idBeside(payment, 'ch')}F`,
    code: 'card_declined',
    decline_code: 'generic_decline',
    doc_url: 'https://docs.stripe.com/error-codes/card-declined',
    message: 'Your card was declined.',
    type: 'card_error',
  };
}
