-- name: 2026-11-20-billing
-- Plans, subscriptions and invoices. There is no users table: the id of a customer is the id of the user.
-- Only an issued invoice stores the name of the user at that time (`profile`), as the law requires.

create table areas (
  tenant_id text not null,
  id uuid not null,
  code text not null,
  title text not null,
  country_codes text[] not null,
  currency text not null,
  tax_basis_points int not null check (tax_basis_points between 0 and 10000),
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id)
);

create unique index areas_code on areas (tenant_id, code);

create table plans (
  tenant_id text not null,
  id uuid not null,
  code text not null,
  title text not null,
  interval text not null check (interval in ('MONTH', 'YEAR')),
  retired boolean not null default false,
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id)
);

create unique index plans_code on plans (tenant_id, code);

create table plan_prices (
  tenant_id text not null,
  plan_id uuid not null,
  area_id uuid not null,
  position int not null,
  minor_units bigint not null check (minor_units >= 0),
  stripe_price_id text,
  primary key (tenant_id, plan_id, area_id),
  foreign key (tenant_id, plan_id) references plans (tenant_id, id) on delete cascade,
  constraint plan_prices_area foreign key (tenant_id, area_id) references areas (tenant_id, id),
  check (minor_units = 0 or stripe_price_id is not null)
);

create index plan_prices_area on plan_prices (tenant_id, area_id);

create table customers (
  tenant_id text not null,
  id uuid not null,
  stripe_customer_id text,
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id)
);

create index customers_create_time on customers (tenant_id, create_time, id);

-- Without the tenant: Stripe sends its own customer id, and the tenant is found by it.
create unique index customers_stripe on customers (stripe_customer_id);

create table subscriptions (
  tenant_id text not null,
  id uuid not null,
  customer_id uuid not null,
  plan_id uuid not null,
  area_id uuid not null,
  state text not null check (state in ('INCOMPLETE', 'INCOMPLETE_EXPIRED', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'UNPAID', 'PAUSED', 'CANCELED')),
  stripe_subscription_id text,
  stripe_price_id text,
  stripe_payment_method_id text,
  current_period_end timestamptz(3),
  cancel_at_period_end boolean not null default false,
  request_id uuid,
  request_fingerprint bytea,
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, customer_id) references customers (tenant_id, id),
  foreign key (tenant_id, plan_id) references plans (tenant_id, id),
  foreign key (tenant_id, area_id) references areas (tenant_id, id),
  check ((request_id is null) = (request_fingerprint is null)),
  check (stripe_subscription_id is null or stripe_price_id is not null)
);

create unique index subscriptions_live on subscriptions (tenant_id, customer_id)
  where state not in ('CANCELED', 'INCOMPLETE_EXPIRED');

create unique index subscriptions_request_id on subscriptions (tenant_id, request_id);

create index subscriptions_customer on subscriptions (tenant_id, customer_id, create_time, id);

create index subscriptions_plan on subscriptions (tenant_id, plan_id);

create index subscriptions_area on subscriptions (tenant_id, area_id);

-- Without the tenant, for the same reason as that of customers.
create unique index subscriptions_stripe on subscriptions (stripe_subscription_id);

create table subscription_cancellations (
  tenant_id text not null,
  request_id uuid not null,
  request_fingerprint bytea not null,
  customer_id uuid not null,
  create_time timestamptz(3) not null,
  primary key (tenant_id, request_id)
);

create table invoice_counters (
  tenant_id text not null,
  year int not null,
  last_number int not null,
  last_issue_time timestamptz(3) not null,
  primary key (tenant_id, year)
);

create table invoices (
  tenant_id text not null,
  id uuid not null,
  year int not null,
  number int not null,
  user_id uuid not null,
  state text not null check (state in ('OPEN', 'PAID', 'VOID', 'UNCOLLECTIBLE')),
  profile jsonb not null,
  currency text not null,
  total_minor_units bigint not null check (total_minor_units >= 0),
  payment_id uuid,
  stripe_invoice_id text,
  request_id uuid,
  request_fingerprint bytea,
  issue_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id),
  check ((request_id is null) = (request_fingerprint is null))
);

create unique index invoices_number on invoices (tenant_id, year, number);

create unique index invoices_request_id on invoices (tenant_id, request_id);

create unique index invoices_stripe on invoices (stripe_invoice_id);

create index invoices_issue_time on invoices (tenant_id, issue_time, id);

create index invoices_user on invoices (tenant_id, user_id, issue_time, id);

create table invoice_lines (
  tenant_id text not null,
  invoice_id uuid not null,
  position int not null,
  description text not null,
  minor_units bigint not null,
  booking_id uuid,
  primary key (tenant_id, invoice_id, position),
  foreign key (tenant_id, invoice_id) references invoices (tenant_id, id)
);

-- Last payment revision of each booking that the booking service has received.
create table told_bookings (
  tenant_id text not null,
  booking_id uuid not null,
  revision bigint not null,
  primary key (tenant_id, booking_id)
);

-- down

drop table told_bookings;
drop table invoice_lines;
drop table invoices;
drop table invoice_counters;
drop table subscription_cancellations;
drop table subscriptions;
drop table customers;
drop table plan_prices;
drop table plans;
drop table areas;
