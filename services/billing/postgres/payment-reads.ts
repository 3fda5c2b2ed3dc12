import { type Pool, type PreparedStatement, runPrepared } from '@rollcall/runtime/postgres';
import type { Payment } from '../payments/payment.ts';
import type { PaymentList, PaymentReads } from '../payments/payment-reads.ts';
import {
  eventFromRow,
  type PaymentEventRow,
  type PaymentRow,
  paymentFromRow,
  type RefundRow,
  SELECT_PAYMENTS,
  SELECT_REFUNDS,
} from './payment-rows.ts';

/** Reads by named prepared statements. */
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

// Where the first page begins, so that it needs no statement of its own.
const BEFORE_ALL = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
const BEFORE_FIRST = ['-infinity', ''];

const EVENTS = {
  name: 'payment_events',
  text: `select stripe_event_id, type, time, apply_time from payment_events
    where tenant_id = $1 and payment_id = $2 and (time, stripe_event_id) > ($3::timestamptz, $4)
    order by time, stripe_event_id limit $5`,
};

// A statement for each set of filters: one for all of them would be planned without its best index.
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
