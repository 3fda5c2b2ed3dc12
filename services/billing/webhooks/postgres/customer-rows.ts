import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { InvoiceFields, SubscriptionFields } from '../../ledger/stripe-fields.ts';
import type { PaymentChange } from '../apply/payment-change.ts';
import { CHANGED, type ChangedRow, toChange } from './changed-row.ts';
import type { KnownObject } from './object-rows.ts';

/** Updates the stored subscriptions and invoices by their snapshots. Objects without a row are ignored. */
export async function updateCustomerRows(run: RunPrepared, objects: readonly KnownObject[]): Promise<void> {
  const of = (kind: string) =>
    objects
      .filter(({ snapshot }) => snapshot.kind === kind)
      .map(({ snapshot }) => ({ stripe_id: snapshot.id, ...snapshot.fields }));
  const subscriptions = of('subscription') as (SubscriptionFields & {
    stripe_id: string;
  })[];
  if (subscriptions.length > 0) await run(UPDATE_SUBSCRIPTIONS, [JSON.stringify(subscriptions)]);
  const invoices = of('invoice') as (InvoiceFields & { stripe_id: string })[];
  if (invoices.length > 0) await run(UPDATE_INVOICES, [JSON.stringify(invoices)]);
}

/**
 * Updates subscriptions and invoices whose rows were stored after their snapshots.
 * @param since the maximum age of the snapshots, in ms; earlier runs found older ones
 */
export async function catchUpCustomerRows(run: RunPrepared, since: number): Promise<void> {
  await run(CATCH_UP_SUBSCRIPTIONS, [since]);
  await run(CATCH_UP_INVOICES, [since]);
}

/** Links payments without an owner to the owner of their Stripe customer. Returns them as new payments. */
export async function linkOwners(run: RunPrepared): Promise<PaymentChange[]> {
  const rows = await run<ChangedRow>(LINK, []);
  return rows.map(toChange);
}

const PERIOD_END = `coalesce(to_timestamp(u.current_period_end), s.current_period_end)`;

// An end scheduled in Stripe's portal has a time and no flag:
// https://docs.stripe.com/billing/subscriptions/cancel
const END = `case
    when u.status in ('canceled', 'incomplete_expired')
      then coalesce(to_timestamp(u.ended_at), s.end_time, to_timestamp(u.cancel_at))
    when u.cancel_at is not null then to_timestamp(u.cancel_at)
    when u.cancel_at_period_end then ${PERIOD_END} end`;

const SUBSCRIPTION_VALUES = {
  state: 'upper(u.status)',
  current_period_end: PERIOD_END,
  cancel_at_period_end: `u.cancel_at_period_end or coalesce(to_timestamp(u.cancel_at) = ${PERIOD_END}, false)`,
  end_time: END,
  collection_paused: 'coalesce(u.collection_paused, false)',
  collection_resume_time: 'to_timestamp(u.collection_resumes_at)',
};

const SUBSCRIPTION = Object.entries(SUBSCRIPTION_VALUES)
  .map(([column, value]) => `${column} = ${value}`)
  .concat('update_time = clock_timestamp()')
  .join(', ');

const SUBSCRIPTION_DIFFERS = `(${Object.keys(SUBSCRIPTION_VALUES).map((column) => `s.${column}`)})
  is distinct from (${Object.values(SUBSCRIPTION_VALUES)})`;

const SUBSCRIPTION_COLUMNS = `status text, current_period_end float8, cancel_at_period_end boolean, cancel_at float8,
  ended_at float8, collection_paused boolean, collection_resumes_at float8`;

const UPDATE_SUBSCRIPTIONS = {
  name: 'update_subscriptions',
  text: `update subscriptions s set ${SUBSCRIPTION}
    from json_to_recordset($1::json) as u(stripe_id text, ${SUBSCRIPTION_COLUMNS})
    where s.stripe_subscription_id = u.stripe_id and ${SUBSCRIPTION_DIFFERS}`,
};

const RECENT = `o.update_time > clock_timestamp() - $1::float8 * interval '1 millisecond'`;

const CATCH_UP_SUBSCRIPTIONS = {
  name: 'catch_up_subscriptions',
  text: `update subscriptions s set ${SUBSCRIPTION}
    from stripe_objects o, jsonb_to_record(o.payload) as u(${SUBSCRIPTION_COLUMNS})
    where o.kind = 'subscription' and ${RECENT} and s.stripe_subscription_id = o.id and ${SUBSCRIPTION_DIFFERS}`,
};

// A draft is not issued, so it has no row.
const INVOICE = `state = upper(u.status), update_time = clock_timestamp()`;
const INVOICE_DIFFERS = `u.status <> 'draft' and i.state <> upper(u.status)`;

const UPDATE_INVOICES = {
  name: 'update_invoices',
  text: `update invoices i set ${INVOICE} from json_to_recordset($1::json) as u(stripe_id text, status text)
    where i.stripe_invoice_id = u.stripe_id and ${INVOICE_DIFFERS}`,
};

const CATCH_UP_INVOICES = {
  name: 'catch_up_invoices',
  text: `update invoices i set ${INVOICE} from stripe_objects o, jsonb_to_record(o.payload) as u(status text)
    where o.kind = 'invoice' and ${RECENT} and i.stripe_invoice_id = o.id and ${INVOICE_DIFFERS}`,
};

const LINK = {
  name: 'link_payment_owners',
  text: `update payments p set tenant_id = c.tenant_id, user_id = c.id, update_time = clock_timestamp()
    from customers c
    where p.tenant_id is null and p.stripe_customer_id is not null and c.stripe_customer_id = p.stripe_customer_id
    returning ${CHANGED}, null as old_state`,
};
