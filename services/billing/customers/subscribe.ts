import type { UserAliases, Users } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import { BillingError } from '../errors.ts';
import { idempotencyKey, type Snapshots } from '../payments/stripe-gateway.ts';
import { requirePrice } from '../plans/plan-prices.ts';
import type { PlanStore } from '../plans/plan-store.ts';
import { requireEligibleUser } from '../require-active-user.ts';
import { requireSameRequest, type WriteRequest } from '../write-request.ts';
import { type Customer, isUnfinished, type SubscriptionOrder, WITHOUT_END } from './customer.ts';
import type { CustomerStore } from './customer-store.ts';
import {
  finishOrder,
  requireNoLiveSubscription,
  type SubscriptionGateway,
  secretOf,
} from './finish-order.ts';

export interface SubscribePorts {
  readonly customers: CustomerStore;
  readonly plans: Pick<PlanStore, 'findPlan' | 'findAreas'>;
  readonly users: Users;
  readonly aliases: UserAliases;
  readonly gateway: SubscriptionGateway;
  readonly snapshots: Snapshots;
}

/** A user's order of a plan. Ids are in lower case. */
export interface SubscribeCommand {
  readonly tenantId: string;
  readonly userId: string;
  readonly planId: string;
  readonly areaId: string;
  /** "pm_…". Empty: Stripe uses the default payment method of the customer. */
  readonly paymentMethodId: string;
  /** Absent: a repeat is refused as ALREADY_SUBSCRIBED. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

/** The outcome of `subscribe`. */
interface Subscribed {
  readonly customer: Customer;
  readonly replayed: boolean;
  /**
   * The secret by which the payer confirms the first payment; empty when no confirmation is needed. It is
   * never stored.
   */
  readonly clientSecret: string;
}

/**
 * Subscribes a user to a plan. The order is stored before Stripe is called, so that a repeat completes it
 * after a crash, and only one of several concurrent attempts reaches Stripe.
 * @throws BillingError when the user, the plan, the request id or Stripe refuses.
 */
export async function subscribe(ports: SubscribePorts, command: SubscribeCommand): Promise<Subscribed> {
  // Before the user is checked: a finished request stays finished, whatever happened to the user since.
  const before = await replay(ports, command);
  if (before) return before;
  let begun: SubscriptionOrder;
  try {
    begun = await begin(ports, command);
  } catch (error) {
    // A concurrent call of this request may have caused this error.
    const meanwhile = error instanceof BillingError && (await replay(ports, command));
    if (meanwhile) return meanwhile;
    throw error;
  }
  return finish(ports, begun);
}

async function begin(ports: SubscribePorts, command: SubscribeCommand): Promise<SubscriptionOrder> {
  const { tenantId, userId, signal } = command;
  const price = await requirePrice(ports.plans, command);
  const { user } = await requireEligibleUser(ports.users, { tenantId, userId }, signal);
  // After a merge the survivor subscribes, and a subscription of any of its ids counts.
  const ids = await ports.aliases.allIdsOf(tenantId, [user.id]);
  await requireNoLiveSubscription(ports, tenantId, ids);
  const wanted = toOrder(command, { customerId: user.id, stripePriceId: price.stripePriceId });
  const order = price.stripePriceId === null ? wanted : await withStripeCustomer(ports, wanted);
  const begun = await ports.customers.begin(order, command.request);
  if (begun) return begun;
  await requireNoLiveSubscription(ports, tenantId, ids);
  const message = 'Another subscription of this user was just given up; try again.';
  throw new BillingError('STRIPE_UNAVAILABLE', message, { metadata: { why: 'attempt_ended' } });
}

async function replay(ports: SubscribePorts, { tenantId, request }: SubscribeCommand) {
  const earlier = request && (await ports.customers.findByRequest(tenantId, request.id));
  if (!earlier) return undefined;
  requireSameRequest(request, earlier.fingerprint);
  const { order } = earlier;
  const clientSecret = isUnfinished(order)
    ? await finishOrder(ports, order, { isResumed: true })
    : await secretOf(ports.gateway, order);
  return { customer: await refetch(ports, order), replayed: true, clientSecret };
}

async function finish(ports: SubscribePorts, order: SubscriptionOrder): Promise<Subscribed> {
  const clientSecret = isUnfinished(order) ? await finishOrder(ports, order, { isResumed: false }) : '';
  return { customer: await refetch(ports, order), replayed: false, clientSecret };
}

async function refetch(
  ports: SubscribePorts,
  { tenantId, customerId }: SubscriptionOrder,
): Promise<Customer> {
  const [customer] = await ports.customers.find(tenantId, [customerId]);
  if (customer) return customer;
  throw new Error(`Customer ${customerId} of ${tenantId} is gone although it subscribed`);
}

function toOrder(
  { tenantId, planId, areaId, paymentMethodId }: SubscribeCommand,
  { customerId, stripePriceId }: { customerId: string; stripePriceId: string | null },
): SubscriptionOrder {
  const now = new Date();
  const subscription = {
    ...{ id: uuidv7(), planId, areaId, createTime: now, updateTime: now },
    state: stripePriceId === null ? ('ACTIVE' as const) : ('INCOMPLETE' as const),
    ...{ stripeSubscriptionId: null, currentPeriodEnd: null, ...WITHOUT_END },
  };
  return { tenantId, customerId, subscription, stripePriceId, paymentMethodId, stripeCustomerId: null };
}

// Before anything is stored: when Stripe is unavailable, there is nothing to undo. The idempotency key
// makes it one customer at Stripe, however often the call is cut off.
async function withStripeCustomer(
  { customers, gateway }: SubscribePorts,
  order: SubscriptionOrder,
): Promise<SubscriptionOrder> {
  const { tenantId, customerId: userId } = order;
  const [known] = await customers.find(tenantId, [userId]);
  if (known?.stripeCustomerId) return { ...order, stripeCustomerId: known.stripeCustomerId };
  const made = await gateway.createCustomer({
    metadata: { tenant_id: tenantId, user_id: userId },
    idempotencyKey: idempotencyKey({ what: 'customer', tenantId, requestId: userId }),
  });
  return { ...order, stripeCustomerId: made.id };
}
