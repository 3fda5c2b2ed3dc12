import type { Pool } from '@rollcall/runtime/postgres';
import { runPrepared } from '@rollcall/runtime/postgres';
import type { CustomerStore } from '../customers/customer-store.ts';
import {
  type CustomerRow,
  customerFromRow,
  type OrderRow,
  orderFromRow,
  SELECT_CUSTOMERS,
  SELECT_ORDERS,
} from './customer-rows.ts';
import { beginOrder, cancelOrder, dropOrder, settleOrder } from './subscription-orders.ts';

/** Customers and subscriptions by prepared statements. */
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
    settle: (ref, news) => settleOrder(pool, ref, news),
    drop: (ref) => dropOrder(pool, ref),
    async findCancellation(tenantId, requestId) {
      const values = [tenantId, requestId];
      const [row] = await runPrepared<{ request_fingerprint: Buffer }>(pool, FIND_CANCELLATION, values);
      return row?.request_fingerprint;
    },
    cancel: (cancellation) => cancelOrder(pool, cancellation),
  };
}

// Where the first page begins, so that it needs no statement of its own.
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
