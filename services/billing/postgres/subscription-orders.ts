import { Buffer } from 'node:buffer';
import {
  type Pool,
  type RunPrepared,
  runPrepared,
  sqlState,
  transactPrepared,
  violatedConstraint,
} from '@rollcall/runtime/postgres';
import type { SubscriptionOrder, SubscriptionUpdate } from '../customers/customer.ts';
import type { Cancellation, SubscriptionRef } from '../customers/customer-store.ts';
import type { WriteRequest } from '../write-request.ts';

/**
 * Inserts a subscription, and its customer if needed. Undefined when the customer has a live subscription
 * or the request was handled before.
 */
export async function beginOrder(
  pool: Pool,
  order: SubscriptionOrder,
  request: WriteRequest | undefined,
): Promise<SubscriptionOrder | undefined> {
  try {
    return await transactPrepared(pool, async (run) => {
      const { tenantId, customerId, stripeCustomerId, subscription } = order;
      const customer = [tenantId, customerId, stripeCustomerId, subscription.createTime];
      const [kept] = await run<{ stripe_customer_id: string | null }>(KEEP_CUSTOMER, customer);
      await run(INSERT, insertValues(order, request));
      return { ...order, stripeCustomerId: kept?.stripe_customer_id ?? stripeCustomerId };
    });
  } catch (error) {
    if (sqlState(error) === '23505' && TAKEN.has(violatedConstraint(error) ?? '')) return undefined;
    throw error;
  }
}

/** Stores the outcome at Stripe of an unfinished subscription. False when it is no longer unfinished. */
export async function completeOrder(
  pool: Pool,
  ref: SubscriptionRef,
  update: SubscriptionUpdate,
): Promise<boolean> {
  const rows = await runPrepared(pool, COMPLETE, [...keyOf(ref), ...updateValues(update)]);
  return rows.length > 0;
}

/** Deletes an unfinished subscription, and its customer when it has no other subscription. */
export async function dropOrder(pool: Pool, ref: SubscriptionRef): Promise<void> {
  await transactPrepared(pool, async (run) => {
    const [dropped] = await run<{ customer_id: string }>(DROP, keyOf(ref));
    if (dropped) await run(DROP_CUSTOMER, [ref.tenantId, dropped.customer_id]);
  });
}

/** Stores the end of a subscription. False when the request was handled before. */
export async function cancelOrder(pool: Pool, cancellation: Cancellation): Promise<boolean> {
  const { tenantId, ended, request } = cancellation;
  return transactPrepared(pool, async (run) => {
    if (request && !(await recordCancellation(run, cancellation, request))) return false;
    if (ended) await run(END, [tenantId, ended.subscriptionId, ...updateValues(ended.update)]);
    return true;
  });
}

async function recordCancellation(
  run: RunPrepared,
  { tenantId, customerId }: Cancellation,
  { id, fingerprint }: WriteRequest,
): Promise<boolean> {
  const values = [tenantId, id, Buffer.from(fingerprint), customerId, new Date()];
  return (await run(RECORD_CANCELLATION, values)).length > 0;
}

// Postgres chooses which constraint a concurrent repeat violates first. `on conflict` covers only one of
// them, and concurrent inserts of one customer can violate another.
const TAKEN = new Set(['subscriptions_live', 'subscriptions_request_id', 'customers_stripe']);

function keyOf({ tenantId, subscriptionId }: SubscriptionRef): unknown[] {
  return [tenantId, subscriptionId];
}

function updateValues({
  state,
  stripeSubscriptionId,
  currentPeriodEnd,
  cancelAtPeriodEnd,
}: SubscriptionUpdate): unknown[] {
  return [state, stripeSubscriptionId, currentPeriodEnd, cancelAtPeriodEnd, new Date()];
}

function insertValues(order: SubscriptionOrder, request: WriteRequest | undefined): unknown[] {
  const { tenantId, customerId, subscription, stripePriceId, paymentMethodId } = order;
  const { id, planId, areaId, state, createTime } = subscription;
  const fingerprint = request ? Buffer.from(request.fingerprint) : null;
  const stripe = [stripePriceId, paymentMethodId || null];
  return [
    tenantId,
    id,
    customerId,
    planId,
    areaId,
    state,
    ...stripe,
    request?.id ?? null,
    fingerprint,
    createTime,
  ];
}

const KEEP_CUSTOMER = {
  name: 'keep_customer',
  text: `insert into customers (tenant_id, id, stripe_customer_id, create_time, update_time) values ($1, $2, $3, $4, $4)
    on conflict (tenant_id, id) do update
      set stripe_customer_id = coalesce(customers.stripe_customer_id, excluded.stripe_customer_id),
        update_time = greatest(customers.update_time, excluded.update_time)
    returning stripe_customer_id`,
};

const INSERT = {
  name: 'insert_subscription',
  text: `insert into subscriptions (tenant_id, id, customer_id, plan_id, area_id, state, stripe_price_id,
      stripe_payment_method_id, request_id, request_fingerprint, create_time, update_time)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
};

// A final state ends the subscription now; an end with the period ends it then.
const UPDATE = `state = $3, stripe_subscription_id = $4, current_period_end = $5, cancel_at_period_end = $6, update_time = $7,
      end_time = case when $3 in ('CANCELED', 'INCOMPLETE_EXPIRED') then least(end_time, $7) when $6 then $5 else end_time end`;

// Once Stripe's id is stored, only Stripe's events change the row.
const UNFINISHED = `tenant_id = $1 and id = $2 and stripe_subscription_id is null and state = 'INCOMPLETE'`;

const COMPLETE = {
  name: 'complete_subscription',
  text: `update subscriptions set ${UPDATE} where ${UNFINISHED} returning id`,
};

const DROP = {
  name: 'drop_subscription',
  text: `delete from subscriptions where ${UNFINISHED} returning customer_id`,
};

const DROP_CUSTOMER = {
  name: 'drop_customer',
  text: `delete from customers c where tenant_id = $1 and id = $2
    and not exists (select from subscriptions s where s.tenant_id = c.tenant_id and s.customer_id = c.id)`,
};

// A subscription that is over stays unchanged.
const END = {
  name: 'end_subscription',
  text: `update subscriptions set ${UPDATE}
    where tenant_id = $1 and id = $2 and state not in ('CANCELED', 'INCOMPLETE_EXPIRED')`,
};

const RECORD_CANCELLATION = {
  name: 'record_cancellation',
  text: `insert into subscription_cancellations (tenant_id, request_id, request_fingerprint, customer_id, create_time)
    values ($1, $2, $3, $4, $5) on conflict do nothing returning request_id`,
};
