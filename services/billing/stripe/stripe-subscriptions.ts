import type Stripe from 'stripe';
import type {
  NewStripeSubscription,
  StripeCancellation,
  StripeSubscription,
} from '../payments/stripe-gateway.ts';
import { toStripeObject } from './plain-object.ts';
import { isMissing } from './stripe-fault.ts';

// Where the payer finds what is needed to confirm the first payment.
const EXPAND = ['latest_invoice.confirmation_secret'];

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
  const subscription = await stripe.subscriptions.create(
    {
      customer: customerId,
      items: [{ price: priceId }],
      payment_behavior: 'default_incomplete',
      payment_settings: { save_default_payment_method: 'on_subscription' },
      ...(paymentMethodId && { default_payment_method: paymentMethodId }),
      metadata,
      expand: EXPAND,
    },
    { idempotencyKey },
  );
  return toSubscription(subscription);
}

/** Ends a subscription, at once or when what is paid for is over. One that is over stays as it is. */
export async function cancelSubscription(
  stripe: Stripe,
  { subscriptionId, atPeriodEnd, idempotencyKey }: StripeCancellation,
): Promise<StripeSubscription> {
  try {
    return toSubscription(
      atPeriodEnd
        ? await stripe.subscriptions.update(
            subscriptionId,
            { cancel_at_period_end: true },
            { idempotencyKey },
          )
        : await stripe.subscriptions.cancel(subscriptionId, {}, { idempotencyKey }),
    );
  } catch (error) {
    const subscription = isMissing(error) && (await stripe.subscriptions.retrieve(subscriptionId));
    if (subscription && subscription.status === 'canceled') return toSubscription(subscription);
    throw error;
  }
}

function toSubscription(subscription: Stripe.Subscription): StripeSubscription {
  const { latest_invoice: invoice, items } = subscription;
  const endsAt = items.data[0]?.current_period_end;
  return {
    id: subscription.id,
    status: subscription.status,
    currentPeriodEnd: endsAt === undefined ? null : new Date(endsAt * 1000),
    cancelAtPeriodEnd: subscription.cancel_at_period_end,
    clientSecret: (typeof invoice === 'object' && invoice?.confirmation_secret?.client_secret) || '',
    object: toStripeObject(subscription),
  };
}
