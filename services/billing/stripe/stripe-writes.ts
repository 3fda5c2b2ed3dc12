import type Stripe from 'stripe';
import type { StripeObject } from '../ledger/stripe-object.ts';
import { toStripeAmount } from '../money.ts';
import type {
  NewPaymentIntent,
  NewStripeCustomer,
  NewStripeRefund,
  NewStripeSubscription,
  PaymentIntent,
  StripeCancellation,
  StripeDeletion,
  StripeSubscription,
} from '../payments/stripe-gateway.ts';
import { isMissing, undefinedIfMissing } from './stripe-fault.ts';
import { toStripeObject } from './stripe-reads.ts';

/** Creates a customer. Stripe receives only ids. */
export async function createCustomer(
  stripe: Stripe,
  { metadata, idempotencyKey }: NewStripeCustomer,
): Promise<StripeObject> {
  return toStripeObject(await stripe.customers.create({ metadata }, { idempotencyKey }));
}

/** Deletes a customer with its personal data at Stripe. https://docs.stripe.com/api/customers/delete */
export async function deleteCustomer(
  stripe: Stripe,
  { customerId, idempotencyKey }: StripeDeletion,
): Promise<void> {
  try {
    await stripe.customers.del(customerId, {}, { idempotencyKey });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/**
 * Creates a subscription, which is incomplete until its first payment is confirmed. A given payment method
 * is attached to the customer.
 */
export async function createSubscription(
  stripe: Stripe,
  { customerId, priceId, paymentMethodId, metadata, idempotencyKey }: NewStripeSubscription,
): Promise<StripeSubscription> {
  if (paymentMethodId)
    await stripe.paymentMethods.attach(
      paymentMethodId,
      { customer: customerId },
      { idempotencyKey: `${idempotencyKey}:attach` },
    );
  const params: Stripe.SubscriptionCreateParams = {
    customer: customerId,
    items: [{ price: priceId }],
    payment_behavior: 'default_incomplete',
    payment_settings: { save_default_payment_method: 'on_subscription' },
    ...(paymentMethodId && { default_payment_method: paymentMethodId }),
    metadata,
    expand: ['latest_invoice.confirmation_secret'],
  };
  return toSubscription(await stripe.subscriptions.create(params, { idempotencyKey }));
}

/** Finds the subscription of a customer by its metadata. */
export async function findSubscription(
  stripe: Stripe,
  { customerId, subscriptionId }: { customerId: string; subscriptionId: string },
): Promise<StripeSubscription | undefined> {
  const every = stripe.subscriptions.list({
    customer: customerId,
    status: 'all',
    limit: 100,
    expand: ['data.latest_invoice.confirmation_secret'],
  });
  for await (const each of every)
    if (each.metadata.subscription_id === subscriptionId) return toSubscription(each);
  return undefined;
}

/** Ends a subscription, at once or with the paid period. One that is over stays as it is. */
export async function cancelSubscription(
  stripe: Stripe,
  { subscriptionId: id, atPeriodEnd, idempotencyKey }: StripeCancellation,
): Promise<StripeSubscription> {
  const before = await stripe.subscriptions.retrieve(id);
  if (isOver(before)) return toSubscription(before);
  try {
    return toSubscription(
      atPeriodEnd
        ? await stripe.subscriptions.update(id, { cancel_at_period_end: true }, { idempotencyKey })
        : await stripe.subscriptions.cancel(id, {}, { idempotencyKey }),
    );
  } catch (error) {
    // It may have ended since the read, and then cannot be canceled.
    const after = isMissing(error) ? await stripe.subscriptions.retrieve(id) : undefined;
    if (after && isOver(after)) return toSubscription(after);
    throw error;
  }
}

function isOver({ status }: Stripe.Subscription): boolean {
  return status === 'canceled' || status === 'incomplete_expired';
}

function toSubscription(subscription: Stripe.Subscription): StripeSubscription {
  const { latest_invoice: invoice, items } = subscription;
  const invoiceId = typeof invoice === 'object' ? (invoice?.id ?? null) : invoice;
  const endsAt = items.data[0]?.current_period_end;
  return {
    id: subscription.id,
    status: subscription.status,
    currentPeriodEnd: endsAt === undefined ? null : new Date(endsAt * 1000),
    cancelAtPeriodEnd: subscription.cancel_at_period_end,
    clientSecret: (typeof invoice === 'object' && invoice?.confirmation_secret?.client_secret) || '',
    object: toStripeObject(Object.assign({}, subscription, { latest_invoice: invoiceId })),
  };
}

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
