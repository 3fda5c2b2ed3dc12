import { BillingError } from '../errors.ts';
import {
  idempotencyKey,
  type Snapshots,
  type StripeGateway,
  type StripeSubscription,
} from '../payments/stripe-gateway.ts';
import {
  isOver,
  isUnfinished,
  type SubscriptionOrder,
  type SubscriptionUpdate,
  subscriptionFromStripe,
} from './customer.ts';
import type { CustomerStore } from './customer-store.ts';

/** The calls to Stripe that subscriptions need. */
export type SubscriptionGateway = Pick<
  StripeGateway,
  'createCustomer' | 'createSubscription' | 'cancelSubscription' | 'findSubscription'
>;

interface FinishPorts {
  readonly customers: Pick<CustomerStore, 'complete' | 'drop' | 'findLive'>;
  readonly gateway: SubscriptionGateway;
  readonly snapshots: Snapshots;
}

// Longer than a call to Stripe with all its retries: an older attempt is no longer running.
const ATTEMPT_MS = 120_000;

/**
 * Creates a stored subscription at Stripe and stores the outcome. Returns the client secret by which the
 * payer confirms; empty when no confirmation is needed. When Stripe refuses, the stored subscription is
 * deleted.
 * @param isResumed true when an earlier attempt was cut off, perhaps before Stripe forgot its idempotency
 * key. The subscription is then searched at Stripe first.
 */
export async function finishOrder(
  ports: FinishPorts,
  order: SubscriptionOrder,
  { isResumed }: { isResumed: boolean },
): Promise<string> {
  const ref = { tenantId: order.tenantId, subscriptionId: order.subscription.id };
  const found = isResumed ? await findAtStripe(ports.gateway, order) : undefined;
  const askTime = new Date();
  const made = found ?? (await create(ports, order));
  await applyAnswer(ports, made, askTime);
  if (!(await ports.customers.complete(ref, subscriptionFromStripe(made))))
    await cancelUnlessStored(ports, order, made);
  return made.clientSecret;
}

/**
 * Checks that none of these customers has a live subscription. An unfinished one is resolved with Stripe
 * first, and does not count when Stripe never created it.
 * @throws BillingError ALREADY_SUBSCRIBED when a customer has a live subscription.
 */
export async function requireNoLiveSubscription(
  ports: FinishPorts,
  tenantId: string,
  customerIds: readonly string[],
): Promise<void> {
  const live = await ports.customers.findLive(tenantId, customerIds);
  if (!live || (isUnfinished(live) && (await isAbandoned(ports, live)))) return;
  const { customerId, subscription } = live;
  const message = `Customer ${customerId} has subscription ${subscription.id}, which is not over.`;
  throw new BillingError('ALREADY_SUBSCRIBED', message, {
    metadata: { tenant_id: tenantId, customer_id: customerId, subscription_id: subscription.id },
  });
}

/**
 * Resolves an unfinished subscription with Stripe. True when it is over, which includes one that Stripe
 * never created.
 * @throws BillingError STRIPE_UNAVAILABLE when the attempt may still be running.
 */
export async function isAbandoned(ports: FinishPorts, order: SubscriptionOrder): Promise<boolean> {
  const { tenantId, subscription } = order;
  const ref = { tenantId, subscriptionId: subscription.id };
  const found = await findAtStripe(ports.gateway, order);
  // The absolute age, because the clock may have been set back since the attempt began.
  const ageMs = Math.abs(Date.now() - subscription.createTime.getTime());
  if (!found && ageMs < ATTEMPT_MS) throw attemptInProgress(order);
  const update = found ? subscriptionFromStripe(found) : NEVER_MADE;
  await ports.customers.complete(ref, update);
  return isOver(update.state);
}

/** The client secret of a subscription that waits for its first payment; empty for any other. */
export async function secretOf(gateway: SubscriptionGateway, order: SubscriptionOrder): Promise<string> {
  const { state, stripeSubscriptionId } = order.subscription;
  if (state !== 'INCOMPLETE' || stripeSubscriptionId === null) return '';
  return (await findAtStripe(gateway, order))?.clientSecret ?? '';
}

/**
 * Applies Stripe's answer to the ledger, so that an older event changes nothing.
 * @param askTime the time of the request to Stripe
 */
export function applyAnswer(
  { snapshots }: Pick<FinishPorts, 'snapshots'>,
  { object }: StripeSubscription,
  askTime: Date,
): Promise<void> {
  return snapshots.apply([object], askTime);
}

const NEVER_MADE: SubscriptionUpdate = {
  state: 'INCOMPLETE_EXPIRED',
  stripeSubscriptionId: null,
  currentPeriodEnd: null,
  cancelAtPeriodEnd: false,
};

function findAtStripe(gateway: SubscriptionGateway, { stripeCustomerId, subscription }: SubscriptionOrder) {
  return gateway.findSubscription({ customerId: stripeCustomerId ?? '', subscriptionId: subscription.id });
}

async function create({ customers, gateway }: FinishPorts, order: SubscriptionOrder) {
  const { tenantId, customerId, subscription, paymentMethodId } = order;
  const { id: subscriptionId, planId, areaId } = subscription;
  try {
    return await gateway.createSubscription({
      customerId: order.stripeCustomerId ?? '',
      priceId: order.stripePriceId ?? '',
      ...(paymentMethodId && { paymentMethodId }),
      metadata: {
        ...{ tenant_id: tenantId, user_id: customerId, subscription_id: subscriptionId },
        ...{ plan_id: planId, area_id: areaId },
      },
      idempotencyKey: idempotencyKey({ what: 'subscription', tenantId, requestId: subscriptionId }),
    });
  } catch (error) {
    // Without an answer Stripe may have created it. A refusal is certain.
    const isRefused = error instanceof BillingError && error.reason !== 'STRIPE_UNAVAILABLE';
    if (isRefused) await customers.drop({ tenantId, subscriptionId });
    throw error;
  }
}

// Another call gave this attempt up, or a webhook was faster. In the latter case the subscription stays.
async function cancelUnlessStored(
  { customers, gateway }: FinishPorts,
  { tenantId, customerId, subscription }: SubscriptionOrder,
  { id: stripeSubscriptionId }: StripeSubscription,
): Promise<void> {
  const live = await customers.findLive(tenantId, [customerId]);
  if (live?.subscription.id === subscription.id) return;
  const requestId = subscription.id;
  await gateway.cancelSubscription({
    subscriptionId: stripeSubscriptionId,
    atPeriodEnd: false,
    idempotencyKey: idempotencyKey({ what: 'cancel-now', tenantId, requestId }),
  });
  throw attemptInProgress({ tenantId, customerId, subscription });
}

function attemptInProgress({
  subscription,
}: Pick<SubscriptionOrder, 'tenantId' | 'customerId' | 'subscription'>) {
  const message = `What became of subscription ${subscription.id} at Stripe is not known yet; try again.`;
  return new BillingError('STRIPE_UNAVAILABLE', message, {
    metadata: { subscription_id: subscription.id, why: 'attempt_at_work' },
    retryDelayMs: 10_000,
  });
}
