-- name: 2026-11-20-booking-user-access
-- Tables of `@rollcall/user-access`: reported statistics, merged users, and the position in the change feed.
-- They hold ids only.

create table told_statistics (
  tenant_id text not null,
  user_id uuid not null,
  revision bigint not null,
  primary key (tenant_id, user_id)
);

create table user_aliases (
  tenant_id text not null,
  user_id uuid not null,
  survivor_id uuid not null,
  primary key (tenant_id, user_id),
  check (user_id <> survivor_id)
);

create index user_aliases_survivor on user_aliases (tenant_id, survivor_id);

create table user_feed_tenants (
  tenant_id text primary key
);

-- One row: the feed has one order for all tenants.
create table user_feed (
  is_only boolean primary key default true check (is_only),
  cursor text not null
);

-- down

drop table told_statistics;
drop table user_aliases;
drop table user_feed_tenants;
drop table user_feed;
