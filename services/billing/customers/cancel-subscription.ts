import { idempotencyKey, type Snapshots } from '../payments/stripe-gateway.ts';
import { requireSameRequest, type WriteRequest } from '../write-request.ts';
import {
  type Customer,
  isUnfinished,
  type SubscriptionOrder,
  type SubscriptionUpdate,
  subscriptionFromStripe,
} from './customer.ts';
import type { CustomerStore } from './customer-store.ts';
import { type CustomerRef, type FindCustomerPorts, findCustomer } from './find-customer.ts';
import { applyAnswer, isAbandoned, type SubscriptionGateway } from './finish-order.ts';

/** What CancelSubscription works with. */
interface CancelPorts extends Pick<FindCustomerPorts, 'aliases'> {
  readonly customers: CustomerStore;
  readonly gateway: SubscriptionGateway;
  readonly snapshots: Snapshots;
}

/** Whose subscription ends, and when. */
interface CancelCommand extends CustomerRef {
  /** What is paid for is still had. */
  readonly atPeriodEnd: boolean;
  /** Absent: a repeat ends what the customer has by then. */
  readonly request?: WriteRequest;
}

/**
 * Ends the subscription of the customer of exactly this id; where that is none, of the customer whose user it was merged
 * into. Ending one that is over changes nothing. Throws BillingError.
 */
export async function cancelSubscription(ports: CancelPorts, command: CancelCommand): Promise<Customer> {
  const { tenantId, request } = command;
  const customer = await findAddressed(ports, command);
  const earlier = request && (await ports.customers.findCancellation(tenantId, request.id));
  if (earlier) {
    requireSameRequest(request, earlier);
    return customer;
  }
  const live = await findLive(ports, customer);
  const cancellation = {
    ...{ tenantId, customerId: customer.id, ...(request && { request }) },
    ...(live && {
      ended: { subscriptionId: live.subscription.id, update: await end(ports, live, command.atPeriodEnd) },
    }),
  };
  await ports.customers.cancel(cancellation);
  return findAddressed(ports, { tenantId, id: customer.id });
}

async function findAddressed(ports: CancelPorts, ref: CustomerRef): Promise<Customer> {
  const [exactly] = await ports.customers.find(ref.tenantId, [ref.id]);
  return exactly ?? findCustomer(ports, ref);
}

// One that was cut off is settled with Stripe first, and with that has an id there or is over.
async function findLive(
  ports: CancelPorts,
  { tenantId, id }: Customer,
): Promise<SubscriptionOrder | undefined> {
  const live = await ports.customers.findLive(tenantId, [id]);
  if (!live || !isUnfinished(live)) return live;
  return (await isAbandoned(ports, live)) ? undefined : ports.customers.findLive(tenantId, [id]);
}

async function end(
  ports: CancelPorts,
  { tenantId, subscription }: SubscriptionOrder,
  atPeriodEnd: boolean,
): Promise<SubscriptionUpdate> {
  const { stripeSubscriptionId, currentPeriodEnd, id: requestId } = subscription;
  // What costs nothing is paid until no time.
  if (stripeSubscriptionId === null)
    return { state: 'CANCELED', stripeSubscriptionId, currentPeriodEnd, cancelAtPeriodEnd: false };
  const what = atPeriodEnd ? 'cancel-at-end' : 'cancel-now';
  const askTime = new Date();
  const ended = await ports.gateway.cancelSubscription({
    ...{ subscriptionId: stripeSubscriptionId, atPeriodEnd },
    idempotencyKey: idempotencyKey({ what, tenantId, requestId }),
  });
  await applyAnswer(ports, ended, askTime);
  return subscriptionFromStripe(ended);
}
