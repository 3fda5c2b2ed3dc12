-- name: 2026-11-20-users
-- Users, their profiles, and the writes that were already done.
--
-- The tenant leads every key. Times have milliseconds, as JavaScript has, so that a time can be a page's
-- position. `email_key` is the address as it is compared: a deleted user does not hold its address.

create table users (
  tenant_id text not null,
  id uuid not null,
  version bigint not null default 1 check (version > 0),
  state text not null check (state in ('ACTIVE', 'SUSPENDED', 'DELETED')),
  role text not null check (role in ('CUSTOMER', 'VENDOR', 'ADMIN')),
  first_name text not null default '',
  last_name text not null default '',
  display_name text not null default '',
  profile_image text not null default '',
  business_name text not null default '',
  average_rating double precision not null default 0,
  total_reviews integer not null default 0,
  email text not null default '',
  email_key text,
  phone text not null default '',
  create_time timestamptz(3) not null,
  update_time timestamptz(3) not null,
  delete_time timestamptz(3),
  primary key (tenant_id, id),
  check ((state = 'DELETED') = (delete_time is not null))
);

create unique index users_email_key on users (tenant_id, email_key) where delete_time is null;

create index users_create_time on users (tenant_id, create_time, id);

create index users_update_time on users (tenant_id, update_time, id);

create table user_profiles (
  tenant_id text not null,
  user_id uuid not null,
  profile jsonb not null,
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create table write_requests (
  tenant_id text not null,
  request_id uuid not null,
  method text not null,
  fingerprint bytea not null,
  user_id uuid not null,
  create_time timestamptz(3) not null default now(),
  primary key (tenant_id, request_id)
);

-- down

drop table write_requests;
drop table user_profiles;
drop table users;
