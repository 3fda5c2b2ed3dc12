import type { MigrationObject } from '@mikro-orm/core';
import { FOLLOWS_STATE, MONEY_TABLES, REFUNDS_FIT, STATE_RANKS } from '../lib/payments-invariants.ts';
import { sqlMigration } from '../lib/sql-migration.ts';

/**
 * What Stripe told, and the money that follows from it.
 *
 * `stripe_events` is the ledger: every event once, by Stripe's id. `stripe_objects` holds the newest snapshot of each thing at
 * Stripe. Both begin before anybody knows whose they are, so that their keys are Stripe's ids, and not a tenant's. Their
 * payloads hold the fields that are used, picked by name: of the payer Stripe tells name, e-mail address and more, which
 * is kept nowhere. `payments`, `refunds` and `disputes` are derived from the objects; `payment_events` is a view of the ledger.
 */
export const paymentsMigration: MigrationObject = sqlMigration('2026-11-20-payments', {
  up: [
    `create table stripe_events (
      id text not null,
      type text not null,
      api_version text,
      create_time timestamptz(0) not null,
      livemode boolean not null,
      object_kind text,
      object_id text,
      payment_intent text,
      payload jsonb not null,
      tenant_id text,
      state text not null check (state in ('received', 'applied', 'failed', 'ignored')),
      attempts integer not null default 0 check (attempts >= 0),
      next_attempt_time timestamptz(3),
      last_error text,
      receive_time timestamptz(3) not null default clock_timestamp(),
      apply_time timestamptz(3),
      primary key (id),
      check ((state = 'applied') = (apply_time is not null)),
      check (state <> 'received' or next_attempt_time is not null),
      check (state in ('received', 'failed') or next_attempt_time is null),
      check (state <> 'failed' or last_error is not null)
    )`,
    // Whatever waits; a failed event without a next attempt is dead and waits for a replay.
    `create index stripe_events_due on stripe_events (next_attempt_time) where next_attempt_time is not null`,
    `create index stripe_events_dead on stripe_events (receive_time, id) where state = 'failed' and next_attempt_time is null`,
    `create index stripe_events_payment on stripe_events (payment_intent, create_time, id)`,

    `create table stripe_objects (
      id text not null,
      kind text not null check (kind in ('payment_intent', 'charge', 'refund', 'dispute', 'customer', 'subscription', 'invoice')),
      tier smallint not null,
      as_of bigint not null,
      step integer not null,
      guess bigint not null,
      digest text not null collate "C",
      ambiguous boolean not null,
      payment_intent text,
      charge text,
      payload jsonb not null,
      update_time timestamptz(3) not null default clock_timestamp(),
      primary key (id)
    ) with (fillfactor = 80)`,
    `create index stripe_objects_payment on stripe_objects (payment_intent) where payment_intent is not null`,
    // What names only a charge finds its payment once the charge is known.
    `create index stripe_objects_charge on stripe_objects (charge) where payment_intent is null and charge is not null`,
    // Two snapshots of one second that differ: to be read again at Stripe.
    `create index stripe_objects_ambiguous on stripe_objects (update_time, id) where ambiguous`,

    ...MONEY_TABLES,
    ...STATE_RANKS,
    ...FOLLOWS_STATE,
    ...REFUNDS_FIT,

    `create view payment_events as
      select p.tenant_id, p.id as payment_id, e.id as stripe_event_id, e.type, e.create_time as time, e.apply_time
      from stripe_events e join payments p on p.stripe_payment_intent_id = e.payment_intent
      where e.state = 'applied'`,
  ],
  down: [
    `drop view payment_events`,
    `drop table disputes, refunds, payments, stripe_objects, stripe_events`,
    `drop function refuse_money_change, refunds_fit, stripe_order_key_falls`,
    `drop function payment_state_rank, refund_state_rank, dispute_state_rank`,
  ],
});
