-- name: 2026-11-20-stripe-calls
-- Calls to Stripe. `payment_requests` records what a caller wants before Stripe is called. `reconcile_…` has
-- the progress and findings of a comparison with Stripe's lists. It has no tenant, because it covers the
-- whole Stripe account, and an object that is missing here has none yet.

create table payment_requests (
  tenant_id text not null,
  request_id uuid not null,
  request_fingerprint bytea not null,
  payment_id uuid,
  minor_units bigint check (minor_units > 0),
  stripe_id text,
  create_time timestamptz(3) not null default now(),
  attempt_time timestamptz(3) not null default now(),
  primary key (tenant_id, request_id),
  check ((payment_id is null) = (minor_units is null))
);

create table reconcile_runs (
  id uuid not null,
  since_time timestamptz(0) not null,
  until_time timestamptz(0) not null,
  until_given boolean not null,
  repair boolean not null,
  position integer not null default 0 check (position >= 0),
  after_id text,
  pages integer not null default 0,
  objects bigint not null default 0,
  create_time timestamptz(3) not null default now(),
  update_time timestamptz(3) not null default now(),
  complete_time timestamptz(3),
  primary key (id),
  check (since_time < until_time)
);

-- The run to go on with, where one was cut off.
create unique index reconcile_runs_open on reconcile_runs (since_time, until_given, repair, (case when until_given then until_time end))
  nulls not distinct where complete_time is null;

create table reconcile_seen (
  run_id uuid not null references reconcile_runs (id) on delete cascade,
  id text not null,
  primary key (run_id, id)
);

create table reconcile_drift (
  run_id uuid not null references reconcile_runs (id) on delete cascade,
  kind text not null,
  id text not null,
  class text not null,
  here text not null,
  there text not null,
  repaired boolean not null default false,
  note text not null default '',
  primary key (run_id, kind, id, class)
);

-- down

drop table reconcile_drift;
drop table reconcile_seen;
drop table reconcile_runs;
drop table payment_requests;
