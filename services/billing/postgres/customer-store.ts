import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { Customer, Subscription, SubscriptionOrder, SubscriptionState } from '../customers/customer.ts';
import type { CustomerStore } from '../customers/customer-store.ts';
import { beginOrder, cancelOrder, completeOrder, dropOrder } from './subscription-orders.ts';

/** A row of `subscriptions` under the aliases of `SUBSCRIPTION_COLUMNS`. */
interface SubscriptionRow {
  subscription_id: string;
  plan_id: string;
  area_id: string;
  state: SubscriptionState;
  stripe_subscription_id: string | null;
  current_period_end: Date | null;
  cancel_at_period_end: boolean;
  end_time: Date | null;
  collection_paused: boolean;
  collection_resume_time: Date | null;
  subscription_create_time: Date;
  subscription_update_time: Date;
}

/** A subscription with the columns of its customer that Stripe receives. */
interface OrderRow extends SubscriptionRow {
  tenant_id: string;
  customer_id: string;
  stripe_price_id: string | null;
  stripe_payment_method_id: string | null;
  stripe_customer_id: string | null;
  request_fingerprint: Buffer | null;
}

/** A customer with its newest subscription, if any. */
type CustomerRow = {
  tenant_id: string;
  id: string;
  stripe_customer_id: string | null;
  create_time: Date;
  update_time: Date;
} & (SubscriptionRow | { subscription_id: null });

/** The columns of `SubscriptionRow`, from `subscriptions s`. */
export const SUBSCRIPTION_COLUMNS = `s.id as subscription_id, s.plan_id, s.area_id, s.state, s.stripe_subscription_id,
  s.current_period_end, s.cancel_at_period_end, s.end_time, s.collection_paused, s.collection_resume_time, s.create_time as subscription_create_time,
  s.update_time as subscription_update_time`;

/** Selects `CustomerRow`. The condition follows. */
const SELECT_CUSTOMERS = `select c.tenant_id, c.id, c.stripe_customer_id, c.create_time, c.update_time, ${SUBSCRIPTION_COLUMNS}
  from customers c left join lateral (
    select * from subscriptions n where n.tenant_id = c.tenant_id and n.customer_id = c.id
    order by n.create_time desc, n.id desc limit 1
  ) s on true`;

/** Selects `OrderRow`. The condition follows. */
const SELECT_ORDERS = `select s.tenant_id, s.customer_id, s.stripe_price_id, s.stripe_payment_method_id, c.stripe_customer_id,
    s.request_fingerprint, ${SUBSCRIPTION_COLUMNS}
  from subscriptions s join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id`;

function customerFromRow(row: CustomerRow): Customer {
  return {
    tenantId: row.tenant_id,
    id: row.id,
    stripeCustomerId: row.stripe_customer_id,
    subscription: row.subscription_id === null ? null : subscriptionFromRow(row),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

function orderFromRow(row: OrderRow): SubscriptionOrder {
  return {
    tenantId: row.tenant_id,
    customerId: row.customer_id,
    subscription: subscriptionFromRow(row),
    stripePriceId: row.stripe_price_id,
    paymentMethodId: row.stripe_payment_method_id ?? '',
    stripeCustomerId: row.stripe_customer_id,
  };
}

function subscriptionFromRow(row: SubscriptionRow): Subscription {
  return {
    id: row.subscription_id,
    planId: row.plan_id,
    areaId: row.area_id,
    state: row.state,
    stripeSubscriptionId: row.stripe_subscription_id,
    currentPeriodEnd: row.current_period_end,
    cancelAtPeriodEnd: row.cancel_at_period_end,
    endTime: row.end_time,
    collectionPaused: row.collection_paused,
    collectionResumeTime: row.collection_resume_time,
    createTime: row.subscription_create_time,
    updateTime: row.subscription_update_time,
  };
}

/** Stores customers and subscriptions by prepared statements. */
export function createPostgresCustomerStore(pool: Pool): CustomerStore {
  return {
    async find(tenantId, ids) {
      const rows = await runPrepared<CustomerRow>(pool, FIND, [tenantId, ids]);
      return rows.map(customerFromRow);
    },
    async list({ tenantId, limit, after }) {
      const before = after ? [new Date(after.timeMs), after.id] : BEFORE_ALL;
      const rows = await runPrepared<CustomerRow>(pool, LIST, [tenantId, ...before, limit]);
      return rows.map(customerFromRow);
    },
    async findLive(tenantId, customerIds) {
      const [row] = await runPrepared<OrderRow>(pool, FIND_LIVE, [tenantId, customerIds]);
      return row && orderFromRow(row);
    },
    async findByRequest(tenantId, requestId) {
      const [row] = await runPrepared<OrderRow>(pool, FIND_BY_REQUEST, [tenantId, requestId]);
      return row?.request_fingerprint
        ? { order: orderFromRow(row), fingerprint: row.request_fingerprint }
        : undefined;
    },
    begin: (order, request) => beginOrder(pool, order, request),
    complete: (ref, update) => completeOrder(pool, ref, update),
    drop: (ref) => dropOrder(pool, ref),
    async findCancellation(tenantId, requestId) {
      const values = [tenantId, requestId];
      const [row] = await runPrepared<{ request_fingerprint: Buffer }>(pool, FIND_CANCELLATION, values);
      return row?.request_fingerprint;
    },
    cancel: (cancellation) => cancelOrder(pool, cancellation),
  };
}

// The position before the first page, so that it needs no statement of its own.
const BEFORE_ALL = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

const FIND = {
  name: 'customers_by_id',
  text: `${SELECT_CUSTOMERS} where c.tenant_id = $1 and c.id = any($2::uuid[])`,
};

const LIST = {
  name: 'customers',
  text: `${SELECT_CUSTOMERS} where c.tenant_id = $1 and (c.create_time, c.id) < ($2::timestamptz, $3::uuid)
    order by c.create_time desc, c.id desc limit $4`,
};

const FIND_LIVE = {
  name: 'live_subscription',
  text: `${SELECT_ORDERS} where s.tenant_id = $1 and s.customer_id = any($2::uuid[])
      and s.state not in ('CANCELED', 'INCOMPLETE_EXPIRED')
    order by s.create_time desc, s.id desc limit 1`,
};

const FIND_BY_REQUEST = {
  name: 'subscription_by_request',
  text: `${SELECT_ORDERS} where s.tenant_id = $1 and s.request_id = $2`,
};

const FIND_CANCELLATION = {
  name: 'cancellation_by_request',
  text: 'select request_fingerprint from subscription_cancellations where tenant_id = $1 and request_id = $2',
};
