import { Buffer } from 'node:buffer';
import { type Pool, type PreparedStatement, runPrepared } from '@rollcall/runtime/postgres';
import type { Payment } from '../payments/payment.ts';
import type {
  KnownPaymentRequest,
  PaymentList,
  PaymentReads,
  PaymentRequests,
} from '../payments/payment-store.ts';
import {
  eventFromRow,
  type PaymentEventRow,
  type PaymentRow,
  paymentFromRow,
  type RefundRow,
  SELECT_PAYMENTS,
  SELECT_REFUNDS,
} from './payment-rows.ts';

/** Reads payments by prepared statements. */
export function createPostgresPaymentReads(pool: Pool): PaymentReads {
  const select = async (statement: PreparedStatement, values: unknown[]): Promise<Payment[]> =>
    withRefunds(pool, await runPrepared<PaymentRow>(pool, statement, values));
  return {
    find: async (tenantId, id) => (await select(FIND, [tenantId, id]))[0],
    findByIntent: async (tenantId, intentId) => (await select(FIND_BY_INTENT, [tenantId, intentId]))[0],
    list: (list) => select(...listStatement(list)),
    async listEvents({ tenantId, paymentId, limit, after }) {
      const place = after ? [new Date(after.timeMs), after.id] : BEFORE_FIRST;
      const rows = await runPrepared<PaymentEventRow>(pool, EVENTS, [tenantId, paymentId, ...place, limit]);
      return rows.map(eventFromRow);
    },
  };
}

async function withRefunds(pool: Pool, rows: readonly PaymentRow[]): Promise<Payment[]> {
  if (rows.length === 0) return [];
  const refunds = await runPrepared<RefundRow>(pool, REFUNDS, [rows.map(({ id }) => id)]);
  const byPayment = Map.groupBy(refunds, ({ payment_id }) => payment_id);
  return rows.map((row) => paymentFromRow(row, byPayment.get(row.id)));
}

const FIND = { name: 'payment', text: `${SELECT_PAYMENTS} where id = $2 and tenant_id = $1` };
const FIND_BY_INTENT = {
  name: 'payment_by_intent',
  text: `${SELECT_PAYMENTS} where stripe_payment_intent_id = $2 and tenant_id = $1`,
};
const REFUNDS = { name: 'refunds_of_payments', text: SELECT_REFUNDS };

// The position before the first page, so that it needs no statement of its own.
const BEFORE_ALL = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
const BEFORE_FIRST = ['-infinity', ''];

const EVENTS = {
  name: 'payment_events',
  text: `select stripe_event_id, type, time, apply_time from payment_events
    where tenant_id = $1 and payment_id = $2 and (time, stripe_event_id) > ($3::timestamptz, $4)
    order by time, stripe_event_id limit $5`,
};

// One statement for each set of filters, because a shared one would be planned without its best index.
function listStatement({ tenantId, limit, after, ...filters }: PaymentList): [PreparedStatement, unknown[]] {
  const place = after ? [new Date(after.timeMs), after.id] : BEFORE_ALL;
  const values: unknown[] = [tenantId, ...place, limit];
  const used = FILTERS.filter(({ of }) => filters[of] !== undefined);
  const conditions = used.map(({ of, condition }) => condition(`$${values.push(filters[of])}`));
  return [
    {
      name: ['payments', ...used.map(({ of }) => of.toLowerCase())].join('_'),
      text: `${SELECT_PAYMENTS} where tenant_id = $1 ${conditions.join(' ')}
        and (create_time, id) < ($2::timestamptz, $3::uuid) order by create_time desc, id desc limit $4`,
    },
    values,
  ];
}

const FILTERS = [
  { of: 'userIds', condition: (value: string) => `and user_id = any(${value}::uuid[])` },
  { of: 'bookingId', condition: (value: string) => `and booking_id = ${value}` },
  { of: 'states', condition: (value: string) => `and state = any(${value}::text[])` },
] as const;

/** Stores requests by prepared statements, each in its own transaction. */
export function createPostgresPaymentRequests(pool: Pool): PaymentRequests {
  return {
    async find(tenantId, requestId) {
      const [row] = await runPrepared<RequestRow>(pool, FIND_REQUEST, [tenantId, requestId]);
      return row && requestFromRow(row);
    },
    async begin({ tenantId, request, refund }) {
      const [row] = await runPrepared<RequestRow>(pool, BEGIN_REQUEST, [
        ...[tenantId, request.id, Buffer.from(request.fingerprint)],
        ...[refund?.paymentId ?? null, refund?.minorUnits ?? null],
      ]);
      if (!row) throw new Error(`Request ${request.id} of ${tenantId} was not written down`);
      return requestFromRow(row);
    },
    async finish({ tenantId, requestId }, stripeId) {
      await runPrepared(pool, FINISH_REQUEST, [tenantId, requestId, stripeId]);
    },
  };
}

interface RequestRow {
  tenant_id: string;
  request_id: string;
  request_fingerprint: Uint8Array;
  payment_id: string | null;
  minor_units: string | null;
  stripe_id: string | null;
  create_time: Date;
  attempt_time: Date;
}

const REQUEST_COLUMNS = `tenant_id, request_id, request_fingerprint, payment_id, minor_units, stripe_id, create_time, attempt_time`;

const FIND_REQUEST = {
  name: 'payment_request',
  text: `select ${REQUEST_COLUMNS} from payment_requests where tenant_id = $1 and request_id = $2`,
};

const BEGIN_REQUEST = {
  name: 'payment_request_begin',
  text: `insert into payment_requests (tenant_id, request_id, request_fingerprint, payment_id, minor_units)
    values ($1, $2, $3, $4, $5)
    on conflict (tenant_id, request_id) do update set attempt_time = now() returning ${REQUEST_COLUMNS}`,
};

const FINISH_REQUEST = {
  name: 'payment_request_finish',
  text: `update payment_requests set stripe_id = $3 where tenant_id = $1 and request_id = $2`,
};

function requestFromRow(row: RequestRow): KnownPaymentRequest {
  const { payment_id: paymentId, minor_units: minorUnits } = row;
  return {
    tenantId: row.tenant_id,
    request: { id: row.request_id, fingerprint: row.request_fingerprint },
    ...(paymentId !== null &&
      minorUnits !== null && { refund: { paymentId, minorUnits: BigInt(minorUnits) } }),
    stripeId: row.stripe_id,
    createTime: row.create_time,
    attemptTime: row.attempt_time,
  };
}
