import type Stripe from 'stripe';
import type { StripeObject } from '../ledger/stripe-object.ts';
import type {
  NewStripeCustomer,
  NewStripeSubscription,
  StripeCancellation,
  StripeDeletion,
  StripeSubscription,
} from '../payments/stripe-gateway.ts';
import { isMissing } from './stripe-fault.ts';
import { toStripeObject } from './stripe-reads.ts';

/** Makes a customer, of whom Stripe learns nothing but ids. */
export async function createCustomer(
  stripe: Stripe,
  { metadata, idempotencyKey }: NewStripeCustomer,
): Promise<StripeObject> {
  return toStripeObject(await stripe.customers.create({ metadata }, { idempotencyKey }));
}

/** Deletes a customer, with what Stripe was told of the person. https://docs.stripe.com/api/customers/delete */
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
 * Makes a subscription, which is incomplete until its first payment is confirmed. A payment method that is given belongs to
 * the customer from then on.
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

/** The subscription of a customer whose metadata name it. */
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

/** Ends a subscription, at once or when what is paid for is over. One that is over stays as it is. */
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
    // It may have ended in between, and then cannot be ended.
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
