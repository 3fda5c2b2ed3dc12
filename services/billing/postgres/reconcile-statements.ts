import type { PreparedStatement } from '@rollcall/runtime/postgres';
import type { StripeKind } from '../ledger/stripe-object.ts';

const RUN_COLUMNS = `id, since_time, until_time, position, after_id`;

/** Finds the incomplete run of these terms, or inserts one. The xmax of an inserted row is 0. */
export const OPEN: PreparedStatement = {
  name: 'reconcile_open',
  text: `insert into reconcile_runs (id, since_time, until_time, until_given, repair) values ($1, $2, $3, $4, $5)
    on conflict (since_time, until_given, repair, (case when until_given then until_time end)) where complete_time is null
    do update set update_time = now() returning ${RUN_COLUMNS}, xmax <> 0 as is_resumed`,
};

/** Selects one run. */
export const RUN: PreparedStatement = {
  name: 'reconcile_run',
  text: `select ${RUN_COLUMNS}, objects from reconcile_runs where id = $1`,
};

/** Records the listed objects of a run. */
export const SEE: PreparedStatement = {
  name: 'reconcile_see',
  text: `insert into reconcile_seen (run_id, id) select $1, unnest($2::text[]) on conflict do nothing`,
};

/** Records differences. A repeated one replaces the earlier one. */
export const FIND: PreparedStatement = {
  name: 'reconcile_find',
  text: `insert into reconcile_drift (run_id, kind, id, class, here, there, repaired, note)
    select $1, kind, id, class, here, there, repaired, note
    from json_to_recordset($2::json) as d(kind text, id text, class text, here text, there text, repaired boolean, note text)
    on conflict (run_id, kind, id, class) do update set here = excluded.here, there = excluded.there,
      repaired = excluded.repaired, note = excluded.note`,
};

/** Records the position of a run. */
export const MOVE: PreparedStatement = {
  name: 'reconcile_move',
  text: `update reconcile_runs set position = $2, after_id = $3, objects = objects + $4, pages = pages + 1,
    update_time = now() where id = $1`,
};

/** Marks a run as complete. */
export const COMPLETE: PreparedStatement = {
  name: 'reconcile_complete',
  text: `update reconcile_runs set complete_time = now(), update_time = now() where id = $1`,
};

/** Deletes the listed objects of a complete run. */
export const FORGET_SEEN: PreparedStatement = {
  name: 'reconcile_forget_seen',
  text: `delete from reconcile_seen where run_id = $1`,
};

/** Selects the differences of a run. */
export const DRIFTS: PreparedStatement = {
  name: 'reconcile_drifts',
  text: `select kind, id, class, here, there, repaired, note from reconcile_drift where run_id = $1
    order by class, kind, id`,
};

/** Selects the stored fields of objects. */
export const OBJECTS: PreparedStatement = {
  name: 'reconcile_objects',
  text: `select id, payload as fields from stripe_objects where kind = $1 and id = any($2::text[])`,
};

/** Selects the objects with waiting or failed events. */
export const WAITING: PreparedStatement = {
  name: 'reconcile_waiting',
  text: `select distinct object_id from stripe_events where object_id = any($1::text[]) and state in ('received', 'failed')`,
};

/**
 * Selects stored objects that Stripe did not list. An object without a creation time is dated by its last
 * change.
 */
export const UNSEEN: PreparedStatement = {
  name: 'reconcile_unseen',
  text: `select o.id from stripe_objects o
    where o.kind = $2 and o.id > $5
      and coalesce(to_timestamp((o.payload->>'created')::float8), o.update_time) >= $3
      and coalesce(to_timestamp((o.payload->>'created')::float8), o.update_time) < $4
      and not exists (select from reconcile_seen s where s.run_id = $1 and s.id = o.id)
    order by o.id limit $6`,
};

/** Selects the rows derived from objects, by kind. */
export const ROWS: { readonly [K in StripeKind]?: PreparedStatement } = {
  payment_intent: {
    name: 'reconcile_payments',
    text: `select stripe_payment_intent_id as id,
        jsonb_build_object('state', state, 'amount', amount, 'captured', captured) as fields
      from payments where stripe_payment_intent_id = any($1::text[])`,
  },
  refund: {
    name: 'reconcile_refunds',
    text: `select stripe_refund_id as id, jsonb_build_object('state', state, 'amount', amount) as fields
      from refunds where stripe_refund_id = any($1::text[])`,
  },
  dispute: {
    name: 'reconcile_disputes',
    text: `select stripe_dispute_id as id, jsonb_build_object('state', state, 'amount', amount) as fields
      from disputes where stripe_dispute_id = any($1::text[])`,
  },
  subscription: {
    name: 'reconcile_subscriptions',
    text: `select stripe_subscription_id as id, jsonb_build_object('state', state) as fields
      from subscriptions where stripe_subscription_id = any($1::text[])`,
  },
};
