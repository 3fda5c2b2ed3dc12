-- name: 2026-11-20-bookings
-- Bookings. There is no table of users here: `user_id` names a user of the user service, and nothing in this
-- database can be joined to find out who that is. `contact_details` is what the booking was made with, kept
-- as evidence.

create table bookings (
  tenant_id text not null,
  id uuid not null,
  reference text not null,
  user_id uuid,
  contact_details jsonb,
  status text not null check (status in ('PENDING', 'PAID', 'COMPLETED', 'ATTENDED', 'CANCELLED', 'REFUNDED')),
  start_date date not null,
  end_date date not null,
  amount_minor_units bigint,
  amount_currency text,
  title text not null default '',
  request_id uuid,
  request_fingerprint bytea,
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id),
  check (end_date >= start_date),
  check ((amount_minor_units is null) = (amount_currency is null)),
  check ((request_id is null) = (request_fingerprint is null))
);

create unique index bookings_reference on bookings (tenant_id, reference);

create unique index bookings_request_id on bookings (tenant_id, request_id);

create index bookings_create_time on bookings (tenant_id, create_time, id);

create index bookings_user on bookings (tenant_id, user_id, create_time, id);

-- down

drop table bookings;
