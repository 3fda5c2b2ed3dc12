-- name: 2026-11-20-payments
-- Events of Stripe, and the payments derived from them.
--
-- `stripe_events` is the ledger: every event once, by Stripe's id. `stripe_objects` holds the newest snapshot
-- of each object. Both are keyed by Stripe's ids, because the tenant is not known yet. Payloads hold only the
-- fields in use, selected by name, and no name or address of a payer. `payments`, `refunds` and `disputes`
-- are derived from the objects. `payment_events` is a view of the ledger.

create table stripe_events (
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
);

-- Whatever waits; a failed event without a next attempt is dead and waits for a replay.
create index stripe_events_due on stripe_events (next_attempt_time) where next_attempt_time is not null;

create index stripe_events_dead on stripe_events (receive_time, id) where state = 'failed' and next_attempt_time is null;

create index stripe_events_payment on stripe_events (payment_intent, create_time, id);

create table stripe_objects (
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
) with (fillfactor = 80);

create index stripe_objects_payment on stripe_objects (payment_intent) where payment_intent is not null;

-- What names only a charge finds its payment once the charge is known.
create index stripe_objects_charge on stripe_objects (charge) where payment_intent is null and charge is not null;

-- Two snapshots of one second that differ: to be read again at Stripe.
create index stripe_objects_ambiguous on stripe_objects (update_time, id) where ambiguous;

-- The owner of a payment may become known later. Until then tenant, user and booking are null.
create table payments (
  id uuid not null,
  stripe_payment_intent_id text not null,
  stripe_customer_id text,
  tenant_id text,
  user_id uuid,
  booking_id uuid,
  state text not null check (state in
    ('PENDING', 'PROCESSING', 'AUTHORIZED', 'SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'CANCELED')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  amount bigint not null default 0 check (amount >= 0),
  captured bigint not null default 0 check (captured >= 0),
  refunded bigint not null default 0 check (refunded >= 0),
  unseen_refunds bigint not null default 0 check (unseen_refunds >= 0),
  dispute_state text check (dispute_state in
    ('WARNING', 'NEEDS_RESPONSE', 'UNDER_REVIEW', 'WARNING_CLOSED', 'WON', 'LOST',
    'APPEAL_NEEDS_RESPONSE', 'APPEAL_UNDER_REVIEW', 'PREVENTED')),
  failure_code text,
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (id),
  constraint payments_intent unique (stripe_payment_intent_id),
  constraint payments_currency unique (id, currency),
  constraint payments_refunded_of_captured check (refunded <= captured),
  constraint payments_captured_in_state check (
    captured = 0 or state in ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')),
  constraint payments_refunded_in_state check (case state
    when 'PARTIALLY_REFUNDED' then refunded > 0 and refunded < captured
    when 'REFUNDED' then refunded > 0 and refunded = captured
    else refunded = 0 end),
  constraint payments_owner check (tenant_id is not null or (user_id is null and booking_id is null))
) with (fillfactor = 70);

create index payments_tenant on payments (tenant_id, create_time, id);

create index payments_user on payments (tenant_id, user_id, create_time, id);

create index payments_booking on payments (tenant_id, booking_id) where booking_id is not null;

-- Payments without an owner, found again when their Stripe customer gets one.
create index payments_unowned on payments (stripe_customer_id) where tenant_id is null;

-- Reached by their payment, which knows the tenant; `held`: nothing captured is known that it could be part
-- of.
create table refunds (
  id uuid not null,
  stripe_refund_id text not null,
  payment_id uuid not null,
  currency text not null,
  state text not null check (state in ('PENDING', 'REQUIRES_ACTION', 'SUCCEEDED', 'FAILED', 'CANCELED')),
  amount bigint not null default 0 check (amount >= 0),
  held boolean not null,
  reason text,
  failure_reason text,
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (id),
  constraint refunds_stripe unique (stripe_refund_id),
  constraint refunds_payment foreign key (payment_id, currency) references payments (id, currency)
) with (fillfactor = 80);

create index refunds_of_payment on refunds (payment_id, create_time, id);

create index refunds_held on refunds (payment_id) where held;

-- `withdrawn`: what the bank holds of it now; 0 again once it was given back.
create table disputes (
  id uuid not null,
  stripe_dispute_id text not null,
  payment_id uuid not null,
  currency text not null,
  state text not null check (state in
    ('WARNING', 'NEEDS_RESPONSE', 'UNDER_REVIEW', 'WARNING_CLOSED', 'WON', 'LOST',
    'APPEAL_NEEDS_RESPONSE', 'APPEAL_UNDER_REVIEW', 'PREVENTED')),
  amount bigint not null default 0 check (amount >= 0),
  withdrawn bigint not null default 0 check (withdrawn >= 0),
  reason text,
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (id),
  constraint disputes_stripe unique (stripe_dispute_id),
  constraint disputes_payment foreign key (payment_id, currency) references payments (id, currency)
) with (fillfactor = 80);

create index disputes_of_payment on disputes (payment_id, create_time, id);

create function payment_state_rank(state text) returns integer immutable parallel safe return case state when 'PENDING' then 0 when 'PROCESSING' then 0 when 'AUTHORIZED' then 1 when 'CANCELED' then 2 when 'SUCCEEDED' then 3 when 'PARTIALLY_REFUNDED' then 3 when 'REFUNDED' then 3 end;

create function refund_state_rank(state text) returns integer immutable parallel safe return case state when 'PENDING' then 0 when 'REQUIRES_ACTION' then 0 when 'SUCCEEDED' then 1 when 'CANCELED' then 2 when 'FAILED' then 3 end;

create function dispute_state_rank(state text) returns integer immutable parallel safe return case state when 'WARNING' then 0 when 'WARNING_CLOSED' then 1 when 'NEEDS_RESPONSE' then 2 when 'UNDER_REVIEW' then 3 when 'WON' then 4 when 'LOST' then 4 when 'APPEAL_NEEDS_RESPONSE' then 4 when 'APPEAL_UNDER_REVIEW' then 4 when 'PREVENTED' then 4 end;

create function refuse_money_change() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'check_violation', constraint = tg_name, table = tg_table_name,
    message = format('%s: %s would break %s', tg_table_name, old.id, tg_name);
end $$;

create trigger payments_state_goes_on before update on payments for each row when (payment_state_rank(new.state) < payment_state_rank(old.state)) execute function refuse_money_change();

create trigger payments_captured_grows before update on payments for each row when (new.captured < old.captured) execute function refuse_money_change();

create trigger payments_same_intent before update on payments for each row when (new.stripe_payment_intent_id <> old.stripe_payment_intent_id or new.currency <> old.currency) execute function refuse_money_change();

create trigger refunds_state_goes_on before update on refunds for each row when (refund_state_rank(new.state) < refund_state_rank(old.state)) execute function refuse_money_change();

create trigger refunds_same_payment before update on refunds for each row when (new.payment_id <> old.payment_id or new.stripe_refund_id <> old.stripe_refund_id) execute function refuse_money_change();

create trigger disputes_state_goes_on before update on disputes for each row when (dispute_state_rank(new.state) < dispute_state_rank(old.state)) execute function refuse_money_change();

create trigger disputes_same_payment before update on disputes for each row when (new.payment_id <> old.payment_id or new.stripe_dispute_id <> old.stripe_dispute_id) execute function refuse_money_change();

-- The key by which the newest snapshot of an object is known.
create function stripe_order_key_falls(old stripe_objects, new stripe_objects) returns boolean immutable
  return (new.tier, new.as_of, new.step, new.guess, new.digest) < (old.tier, old.as_of, old.step, old.guess, old.digest);

create trigger stripe_objects_grow before update on stripe_objects for each row when (stripe_order_key_falls(old, new)) execute function refuse_money_change();

create function refunds_fit() returns trigger language plpgsql as $$
declare broken uuid;
begin
  select p.id into broken
  from payments p join lateral (
    select coalesce(sum(r.amount) filter (where r.state in ('PENDING', 'REQUIRES_ACTION', 'SUCCEEDED')), 0) as live,
           coalesce(sum(r.amount) filter (where r.state = 'SUCCEEDED'), 0) as gone
    from refunds r where r.payment_id = p.id and not r.held
  ) s on true
  where p.id in (select payment_id from changed) and (s.live > p.captured or s.gone <> p.refunded)
  limit 1;
  if broken is not null then
    raise exception using errcode = 'check_violation', constraint = 'refunds_fit', table = 'refunds',
      message = format('refunds of payment %s are not what was captured and sent back', broken);
  end if;
  return null;
end $$;

create trigger refunds_fit_on_insert after insert on refunds referencing new table as changed
  for each statement execute function refunds_fit();

create trigger refunds_fit_on_update after update on refunds referencing new table as changed
  for each statement execute function refunds_fit();

create view payment_events as
  select p.tenant_id, p.id as payment_id, e.id as stripe_event_id, e.type, e.create_time as time, e.apply_time
  from stripe_events e join payments p on p.stripe_payment_intent_id = e.payment_intent
  where e.state = 'applied';

-- down

drop view payment_events;
drop table disputes, refunds, payments, stripe_objects, stripe_events;
drop function refuse_money_change, refunds_fit, stripe_order_key_falls;
drop function payment_state_rank, refund_state_rank, dispute_state_rank;
