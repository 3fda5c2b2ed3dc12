// The part of migration 2026-11-20-payments that holds money right whatever the code above it does.

const MONEY = `bigint not null default 0`;

// What is appealed was won or lost before, and is again afterwards.
const DISPUTE_STATES = `'WARNING', 'NEEDS_RESPONSE', 'UNDER_REVIEW', 'WARNING_CLOSED', 'WON', 'LOST',
      'APPEAL_NEEDS_RESPONSE', 'APPEAL_UNDER_REVIEW', 'PREVENTED'`;

/** Payments, refunds and disputes. */
export const MONEY_TABLES = [
  // Whose a payment is may be told later than that there is one: then tenant, user and booking are null until it is.
  `create table payments (
    id uuid not null,
    stripe_payment_intent_id text not null,
    stripe_customer_id text,
    tenant_id text,
    user_id uuid,
    booking_id uuid,
    state text not null check (state in
      ('PENDING', 'PROCESSING', 'AUTHORIZED', 'SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'CANCELED')),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    amount ${MONEY} check (amount >= 0),
    captured ${MONEY} check (captured >= 0),
    refunded ${MONEY} check (refunded >= 0),
    unseen_refunds ${MONEY} check (unseen_refunds >= 0),
    dispute_state text check (dispute_state in
      (${DISPUTE_STATES})),
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
  ) with (fillfactor = 70)`,
  `create index payments_tenant on payments (tenant_id, create_time, id)`,
  `create index payments_user on payments (tenant_id, user_id, create_time, id)`,
  `create index payments_booking on payments (tenant_id, booking_id) where booking_id is not null`,
  // Not yet anybody's: found again when the customer at Stripe becomes somebody's here.
  `create index payments_unowned on payments (stripe_customer_id) where tenant_id is null`,

  // Reached by their payment, which knows the tenant; `held`: nothing captured is known that it could be part of.
  `create table refunds (
    id uuid not null,
    stripe_refund_id text not null,
    payment_id uuid not null,
    currency text not null,
    state text not null check (state in ('PENDING', 'REQUIRES_ACTION', 'SUCCEEDED', 'FAILED', 'CANCELED')),
    amount ${MONEY} check (amount >= 0),
    held boolean not null,
    reason text,
    failure_reason text,
    create_time timestamptz(3) not null,
    update_time timestamptz(3) not null,
    primary key (id),
    constraint refunds_stripe unique (stripe_refund_id),
    constraint refunds_payment foreign key (payment_id, currency) references payments (id, currency)
  ) with (fillfactor = 80)`,
  `create index refunds_of_payment on refunds (payment_id, create_time, id)`,
  `create index refunds_held on refunds (payment_id) where held`,

  // \`withdrawn\`: what the bank holds of it now; 0 again once it was given back.
  `create table disputes (
    id uuid not null,
    stripe_dispute_id text not null,
    payment_id uuid not null,
    currency text not null,
    state text not null check (state in
      (${DISPUTE_STATES})),
    amount ${MONEY} check (amount >= 0),
    withdrawn ${MONEY} check (withdrawn >= 0),
    reason text,
    create_time timestamptz(3) not null,
    update_time timestamptz(3) not null,
    primary key (id),
    constraint disputes_stripe unique (stripe_dispute_id),
    constraint disputes_payment foreign key (payment_id, currency) references payments (id, currency)
  ) with (fillfactor = 80)`,
  `create index disputes_of_payment on disputes (payment_id, create_time, id)`,
];

const rank = (name: string, ranks: Record<string, number>) =>
  `create function ${name}(state text) returns integer immutable parallel safe return case state ${Object.entries(
    ranks,
  )
    .map(([state, at]) => `when '${state}' then ${at}`)
    .join(' ')} end`;

/** How far along each state is. What is on one level may follow each other either way, as it does at Stripe. */
export const STATE_RANKS = [
  rank('payment_state_rank', {
    PENDING: 0,
    PROCESSING: 0,
    AUTHORIZED: 1,
    CANCELED: 2,
    SUCCEEDED: 3,
    PARTIALLY_REFUNDED: 3,
    REFUNDED: 3,
  }),
  rank('refund_state_rank', { PENDING: 0, REQUIRES_ACTION: 0, SUCCEEDED: 1, CANCELED: 2, FAILED: 3 }),
  rank('dispute_state_rank', {
    WARNING: 0,
    WARNING_CLOSED: 1,
    NEEDS_RESPONSE: 2,
    UNDER_REVIEW: 3,
    WON: 4,
    LOST: 4,
    APPEAL_NEEDS_RESPONSE: 4,
    APPEAL_UNDER_REVIEW: 4,
    PREVENTED: 4,
  }),
];

const refuse = (table: string, name: string, when: string) =>
  `create trigger ${name} before update on ${table} for each row when (${when}) execute function refuse_money_change()`;

/** No state goes back, nothing captured is lost, and neither intent nor currency change. */
export const FOLLOWS_STATE = [
  `create function refuse_money_change() returns trigger language plpgsql as $$
    begin
      raise exception using errcode = 'check_violation', constraint = tg_name, table = tg_table_name,
        message = format('%s: %s would break %s', tg_table_name, old.id, tg_name);
    end $$`,
  refuse(
    'payments',
    'payments_state_goes_on',
    'payment_state_rank(new.state) < payment_state_rank(old.state)',
  ),
  refuse('payments', 'payments_captured_grows', 'new.captured < old.captured'),
  refuse(
    'payments',
    'payments_same_intent',
    `new.stripe_payment_intent_id <> old.stripe_payment_intent_id or new.currency <> old.currency`,
  ),
  refuse('refunds', 'refunds_state_goes_on', 'refund_state_rank(new.state) < refund_state_rank(old.state)'),
  refuse(
    'refunds',
    'refunds_same_payment',
    'new.payment_id <> old.payment_id or new.stripe_refund_id <> old.stripe_refund_id',
  ),
  refuse(
    'disputes',
    'disputes_state_goes_on',
    'dispute_state_rank(new.state) < dispute_state_rank(old.state)',
  ),
  refuse(
    'disputes',
    'disputes_same_payment',
    'new.payment_id <> old.payment_id or new.stripe_dispute_id <> old.stripe_dispute_id',
  ),
  // The key by which the newest snapshot of an object is known.
  `create function stripe_order_key_falls(old stripe_objects, new stripe_objects) returns boolean immutable
    return (new.tier, new.as_of, new.step, new.guess, new.digest) < (old.tier, old.as_of, old.step, old.guess, old.digest)`,
  refuse('stripe_objects', 'stripe_objects_grow', 'stripe_order_key_falls(old, new)'),
];

const fits = (event: 'insert' | 'update') =>
  `create trigger refunds_fit_on_${event} after ${event} on refunds referencing new table as changed
    for each statement execute function refunds_fit()`;

/** Refunds that count are never more than what was captured, and the payment says how much went back. */
export const REFUNDS_FIT = [
  `create function refunds_fit() returns trigger language plpgsql as $$
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
    end $$`,
  fits('insert'),
  fits('update'),
];
