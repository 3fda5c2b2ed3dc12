import type Stripe from 'stripe';
import type { StripeObject } from '../ledger/stripe-object.ts';
import { toStripeAmount } from '../money.ts';
import type { NewPaymentIntent, NewStripeRefund, PaymentIntent } from '../payments/stripe-gateway.ts';
import { undefinedIfMissing } from './stripe-fault.ts';
import { toStripeObject } from './stripe-reads.ts';

/** Creates a payment intent that allows all payment methods of the account. */
export async function createPaymentIntent(
  stripe: Stripe,
  { amount, description, metadata, idempotencyKey }: NewPaymentIntent,
): Promise<PaymentIntent> {
  const params = {
    amount: Number(toStripeAmount(amount)),
    currency: amount.currencyCode.toLowerCase(),
    automatic_payment_methods: { enabled: true },
    ...(description && { description }),
    metadata,
  };
  return toPaymentIntent(await stripe.paymentIntents.create(params, { idempotencyKey }));
}

/** Reads an intent with its secret. Undefined when Stripe has no such intent. */
export function findPaymentIntent(stripe: Stripe, id: string): Promise<PaymentIntent | undefined> {
  return undefinedIfMissing(async () => toPaymentIntent(await stripe.paymentIntents.retrieve(id)));
}

/** Creates a refund. */
export async function createRefund(
  stripe: Stripe,
  { paymentIntentId, chargeId, amount, reason, metadata, idempotencyKey }: NewStripeRefund,
): Promise<StripeObject> {
  const params = {
    ...(paymentIntentId && { payment_intent: paymentIntentId }),
    ...(chargeId && { charge: chargeId }),
    amount: Number(toStripeAmount(amount)),
    ...(reason && { reason }),
    metadata,
  };
  return toStripeObject(await stripe.refunds.create(params, { idempotencyKey }));
}

function toPaymentIntent(intent: Stripe.PaymentIntent): PaymentIntent {
  return { id: intent.id, clientSecret: intent.client_secret ?? '', object: toStripeObject(intent) };
}
