-- name: 2026-11-20-vendors
-- Vendors and what they offer. There is no table of users here: `user_id` names a user of the user service,
-- where the name, the business name, the picture and the ratings of a vendor are. `vendor_countries` says of
-- each vendor in which countries it works, beside the time by which lists go, so that a page of one country
-- reads no other.

create table vendors (
  tenant_id text not null,
  id uuid not null,
  user_id uuid not null,
  business_license text not null default '',
  service_areas jsonb not null default '[]',
  verification_state text not null
    check (verification_state in ('UNVERIFIED', 'SUBMITTED', 'VERIFIED', 'REJECTED', 'SUSPENDED')),
  verification_note text not null default '',
  verify_time timestamptz(3),
  version bigint not null default 1,
  request_id uuid,
  request_fingerprint bytea,
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id),
  check ((verification_state = 'VERIFIED') = (verify_time is not null)),
  check ((request_id is null) = (request_fingerprint is null))
);

create unique index vendors_user on vendors (tenant_id, user_id);

create unique index vendors_request_id on vendors (tenant_id, request_id);

create index vendors_create_time on vendors (tenant_id, create_time, id);

create index vendors_state on vendors (tenant_id, verification_state, create_time, id);

create table vendor_countries (
  tenant_id text not null,
  country_code text not null,
  create_time timestamptz(3) not null,
  vendor_id uuid not null,
  primary key (tenant_id, country_code, create_time, vendor_id),
  foreign key (tenant_id, vendor_id) references vendors (tenant_id, id) on delete cascade
);

create index vendor_countries_vendor on vendor_countries (tenant_id, vendor_id);

create table activities (
  tenant_id text not null,
  id uuid not null,
  vendor_id uuid not null,
  title text not null,
  description text not null default '',
  price_minor_units bigint,
  price_currency text,
  duration_minutes integer not null default 0 check (duration_minutes >= 0),
  capacity integer not null default 0 check (capacity >= 0),
  state text not null check (state in ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
  request_id uuid,
  request_fingerprint bytea,
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, vendor_id) references vendors (tenant_id, id) on delete cascade,
  check ((price_minor_units is null) = (price_currency is null)),
  check ((request_id is null) = (request_fingerprint is null))
);

create unique index activities_request_id on activities (tenant_id, request_id);

create index activities_create_time on activities (tenant_id, create_time, id);

create index activities_vendor on activities (tenant_id, vendor_id, create_time, id);

create index activities_state on activities (tenant_id, state, create_time, id);

-- down

drop table activities;
drop table vendor_countries;
drop table vendors;
