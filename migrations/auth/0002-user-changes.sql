-- name: 2026-11-20-user-changes
-- The change feed: a row for each version of a user, written in the transaction that made the version.
--
-- `xid` is that transaction. A reader takes only rows of transactions older than every one still at work, so
-- that a change that commits late is never behind where a reader already is. `seq` orders the rows of a user
-- by version: who writes a user holds its lock. `user_change_feed` says how far back the feed reaches, and
-- which feed it is.

create table user_changes (
  xid xid8 not null default pg_current_xact_id(),
  seq bigint generated always as identity,
  tenant_id text not null,
  user_id uuid not null,
  version bigint not null,
  kind text not null check (kind in ('CREATED', 'UPDATED', 'DELETED', 'UNDELETED', 'ERASED', 'MERGED', 'UNMERGED')),
  create_time timestamptz(3) not null default now(),
  primary key (xid, seq)
);

create index user_changes_create_time on user_changes (create_time);

create table user_change_feed (
  only_row boolean primary key default true check (only_row),
  feed_id uuid not null default gen_random_uuid(),
  -- Rows of this transaction and of older ones may have been removed.
  removed_through xid8 not null default '0'
);

insert into user_change_feed default values;

-- down

drop table user_change_feed;
drop table user_changes;
