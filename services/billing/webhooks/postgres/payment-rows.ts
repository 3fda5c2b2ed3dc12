import type { RunPrepared } from '@rollcall/runtime/postgres';
import { v7 as uuidv7 } from 'uuid';
import type { DerivedPayment } from '../../ledger/derived-payment.ts';
import type { PaymentChange } from '../apply/payment-change.ts';
import { CHANGED, type ChangedRow, toChange } from './changed-row.ts';

/** The owner of a Stripe customer. */
interface CustomerOwner {
  readonly tenantId: string;
  readonly userId: string;
}

/** Reads the owners of Stripe customers, by Stripe's id. */
export async function readOwners(
  run: RunPrepared,
  customers: readonly string[],
): Promise<ReadonlyMap<string, CustomerOwner>> {
  if (customers.length === 0) return new Map();
  const rows = await run<{ stripe_customer_id: string; tenant_id: string; id: string }>(OWNERS, [customers]);
  return new Map(
    rows.map((row) => [row.stripe_customer_id, { tenantId: row.tenant_id, userId: row.id }] as const),
  );
}

const OWNERS = {
  name: 'owners_of_stripe_customers',
  text: `select stripe_customer_id, tenant_id, id from customers where stripe_customer_id = any($1::text[])`,
};

/** Writes payments, then their refunds and disputes. Returns the changed payments. */
export async function writePayments(
  run: RunPrepared,
  payments: readonly DerivedPayment[],
  owners: ReadonlyMap<string, CustomerOwner>,
): Promise<PaymentChange[]> {
  if (payments.length === 0) return [];
  const rows = payments.map((each) => toRow(each, each.customer ? owners.get(each.customer) : undefined));
  const changed = await run<ChangedRow>(WRITE_PAYMENTS, [JSON.stringify(rows)]);
  const refunds = payments.flatMap(({ intent, refunds: own }) =>
    own.map((each) => ({ id: uuidv7(), intent, ...each })),
  );
  if (refunds.length > 0) await run(WRITE_REFUNDS, [JSON.stringify(refunds)]);
  const disputes = payments.flatMap(({ intent, disputes: own }) =>
    own.map((each) => ({ id: uuidv7(), intent, ...each })),
  );
  if (disputes.length > 0) await run(WRITE_DISPUTES, [JSON.stringify(disputes)]);
  return changed.map(toChange);
}

function toRow(payment: DerivedPayment, linked: CustomerOwner | undefined) {
  const { refunds, disputes, owner, mixedCurrency, ...rest } = payment;
  const tenantId = owner.tenant_id ?? linked?.tenantId ?? null;
  // A customer of another tenant cannot own the payment.
  const userId = owner.user_id ?? (linked?.tenantId === tenantId ? (linked?.userId ?? null) : null);
  return { id: uuidv7(), ...rest, tenantId, userId, bookingId: owner.booking_id };
}

const SET = (columns: readonly string[]) => columns.map((each) => `${each} = excluded.${each}`).join(', ');
const DIFFERS = (table: string, columns: readonly string[]) =>
  `(${columns.map((each) => `${table}.${each}`)}) is distinct from (${columns.map((each) => `excluded.${each}`)})`;

const UPDATED = [
  'stripe_customer_id',
  'stripe_charge_id',
  'stripe_invoice_id',
  'state',
  'currency',
  'amount',
  'captured',
  'refunded',
  'unseen_refunds',
  'dispute_state',
  'failure_code',
  'create_time',
  'capture_time',
  'refund_time',
  'livemode',
  'stripe_account',
];

// An owner found by the customer stays when the metadata name none.
const OWNED = `tenant_id = coalesce(excluded.tenant_id, payments.tenant_id),
      user_id = case when excluded.tenant_id is null then payments.user_id else excluded.user_id end,
      booking_id = case when excluded.tenant_id is null then payments.booking_id else excluded.booking_id end`;

const WRITE_PAYMENTS = {
  name: 'write_payments',
  text: `insert into payments (id, stripe_payment_intent_id, tenant_id, user_id, booking_id, ${UPDATED}, ever_refunded, update_time)
    select id, intent, "tenantId", "userId", "bookingId", customer, charge, invoice, state, currency, amount, captured, refunded,
      "unseenRefunds", "disputeState", "failureCode", to_timestamp("createTime"), to_timestamp("captureTime"), to_timestamp("refundTime"), livemode, account, "everRefunded", clock_timestamp()
    from json_to_recordset($1::json) as p(id uuid, intent text, "tenantId" text, "userId" uuid, "bookingId" uuid,
      customer text, charge text, invoice text, state text, currency text, amount bigint, captured bigint, refunded bigint, "unseenRefunds" bigint,
      "disputeState" text, "failureCode" text, "createTime" float8, "captureTime" float8, "refundTime" float8, livemode boolean, account text, "everRefunded" bigint)
    order by intent
    on conflict (stripe_payment_intent_id) do update set ${SET(UPDATED)}, ${OWNED},
      ever_refunded = greatest(payments.ever_refunded, excluded.ever_refunded), update_time = clock_timestamp()
    where ${DIFFERS('payments', UPDATED)}
      or excluded.tenant_id is not null
        and ${DIFFERS('payments', ['tenant_id', 'user_id', 'booking_id'])}
    returning ${CHANGED}, old.state as old_state, old.captured::float8 as old_captured, old.refunded::float8 as old_refunded,
      old.ever_refunded::float8 as old_ever_refunded,
      old.dispute_state as old_dispute_state, old.tenant_id as old_tenant_id, old.user_id as old_user_id,
      old.booking_id as old_booking_id`,
};

const REFUND = ['state', 'amount', 'held', 'reason', 'failure_reason', 'create_time'];

const WRITE_REFUNDS = {
  name: 'write_refunds',
  text: `insert into refunds (id, stripe_refund_id, payment_id, currency, ${REFUND}, update_time)
    select r.id, r."stripeId", p.id, r.currency, r.state, r.amount, r.held, r.reason, r."failureReason",
      to_timestamp(r."createTime"), clock_timestamp()
    from json_to_recordset($1::json) as r(id uuid, intent text, "stripeId" text, currency text, state text, amount bigint,
      held boolean, reason text, "failureReason" text, "createTime" float8)
    join payments p on p.stripe_payment_intent_id = r.intent
    order by r."stripeId"
    on conflict (stripe_refund_id) do update set ${SET(REFUND)}, update_time = clock_timestamp()
    where ${DIFFERS('refunds', REFUND)}`,
};

const DISPUTE = ['state', 'amount', 'withdrawn', 'reason', 'create_time'];

const WRITE_DISPUTES = {
  name: 'write_disputes',
  text: `insert into disputes (id, stripe_dispute_id, payment_id, currency, ${DISPUTE}, update_time)
    select d.id, d."stripeId", p.id, d.currency, d.state, d.amount, d.withdrawn, d.reason,
      to_timestamp(d."createTime"), clock_timestamp()
    from json_to_recordset($1::json) as d(id uuid, intent text, "stripeId" text, currency text, state text, amount bigint,
      withdrawn bigint, reason text, "createTime" float8)
    join payments p on p.stripe_payment_intent_id = d.intent
    order by d."stripeId"
    on conflict (stripe_dispute_id) do update set ${SET(DISPUTE)}, update_time = clock_timestamp()
    where ${DIFFERS('disputes', DISPUTE)}`,
};
