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

/** What subscriptions ask of Stripe. */
export interface SubscriptionGateway
  extends Pick<StripeGateway, 'createCustomer' | 'createSubscription' | 'cancelSubscription'> {
  /**
   * The subscription of a customer whose metadata say this `subscription_id`, in any state; undefined: there is none. Asked where
   * an earlier attempt was cut off, because Stripe forgets keys: https://docs.stripe.com/api/idempotent_requests
   */
  findSubscription(wanted: {
    /** "cus_…" */
    readonly customerId: string;
    /** Ours. */
    readonly subscriptionId: string;
  }): Promise<StripeSubscription | undefined>;
}

/** What finishing works with. */
interface FinishPorts {
  readonly customers: Pick<CustomerStore, 'complete' | 'drop' | 'findLive'>;
  readonly gateway: SubscriptionGateway;
  readonly snapshots: Snapshots;
}

// Longer than a call to Stripe with all its repeats: who began before that is at work no more.
const ATTEMPT_MS = 120_000;

/**
 * Makes a subscription at Stripe that was written down here, and writes down what came of it. Answers the secret by which the
 * payer confirms; empty: there is nothing to confirm. Where Stripe refuses, what was written down is forgotten.
 * @param isResumed an earlier attempt was cut off, perhaps longer ago than Stripe remembers its key: it is looked for first.
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
 * Throws BillingError ALREADY_SUBSCRIBED where one of these customers has a subscription that is not over. One that was cut
 * off is settled with Stripe first: what Stripe never made is no longer in the way.
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

/** Settles an unfinished subscription; true: it is over, perhaps never made. Throws BillingError STRIPE_UNAVAILABLE. */
export async function isAbandoned(ports: FinishPorts, order: SubscriptionOrder): Promise<boolean> {
  const { tenantId, subscription } = order;
  const ref = { tenantId, subscriptionId: subscription.id };
  const found = await findAtStripe(ports.gateway, order);
  // In either direction: one from further in the future began before the clock went back, and is over too.
  const ageMs = Math.abs(Date.now() - subscription.createTime.getTime());
  if (!found && ageMs < ATTEMPT_MS) throw attemptInProgress(order);
  const update = found ? subscriptionFromStripe(found) : NEVER_MADE;
  await ports.customers.complete(ref, update);
  return isOver(update.state);
}

/** The secret of a subscription that waits for its first payment; empty: it does not. */
export async function secretOf(gateway: SubscriptionGateway, order: SubscriptionOrder): Promise<string> {
  const { state, stripeSubscriptionId } = order.subscription;
  if (state !== 'INCOMPLETE' || stripeSubscriptionId === null) return '';
  return (await findAtStripe(gateway, order))?.clientSecret ?? '';
}

/**
 * Makes what Stripe answered part of the ledger, so that an event that is older changes nothing.
 * @param askTime when Stripe was asked
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
    // Whether Stripe did it is not known where it did not answer; a refusal is certain.
    const isRefused = error instanceof BillingError && error.reason !== 'STRIPE_UNAVAILABLE';
    if (isRefused) await customers.drop({ tenantId, subscriptionId });
    throw error;
  }
}

// Somebody took this attempt for given up, or a webhook was faster. In the latter case nothing is to be done.
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
