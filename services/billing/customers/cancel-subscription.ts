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

interface CancelPorts extends Pick<FindCustomerPorts, 'aliases'> {
  readonly customers: CustomerStore;
  readonly gateway: SubscriptionGateway;
  readonly snapshots: Snapshots;
}

/** The customer whose subscription ends, and when it ends. */
interface CancelCommand extends CustomerRef {
  /** True: the subscription ends with the paid period. False: it ends at once. */
  readonly atPeriodEnd: boolean;
  /** Absent: a repeat ends the subscription that the customer has by then. */
  readonly request?: WriteRequest;
}

/**
 * Ends the subscription of the customer with exactly this id, or else of the customer that this user was
 * merged into. A subscription that is over stays as it is.
 * @throws BillingError when the customer is unknown, the request id was reused, or Stripe fails.
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

// An unfinished order is completed or given up with Stripe first, so that the result has an id there.
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
  // A free subscription has no paid period.
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
