-- name: 2026-12-01-pooled-feed
-- How the change feed is read and shortened, as functions that hold their own settings. A plan from when
-- there were few changes would look through all of them at each reading, until they are next analysed; so
-- sequential scans are off, also behind a pooler, whose sessions take no settings.
--
-- The one that reads is stable, so it sees the snapshot of the statement that calls it and took the bounds.
--
-- `xid < end_xid`, not `<=`. Of an end that is the snapshot's own the two say the same, as nothing of that
-- transaction is visible. An end that an earlier snapshot set is where another reader begins: it would tell
-- that transaction again.

create function user_changes_between(first_xid xid8, end_xid xid8, after_seq bigint, tenants text[], most integer)
returns table (seq bigint, tenant_id text, user_id uuid, version bigint, kind text)
language plpgsql stable rows 100 set enable_seqscan = off as $$
begin
  return query
    select c.seq, c.tenant_id, c.user_id, c.version, c.kind from user_changes c
    where c.xid >= first_xid and c.xid < user_changes_between.end_xid and c.seq > after_seq
      and (tenants is null or c.tenant_id = any(tenants))
    order by c.seq limit most;
end $$;

create function remove_user_changes(older_than_s double precision) returns bigint
language plpgsql set enable_seqscan = off as $$
declare
  removed bigint;
begin
  with old as (
    select max(xid) as xid from user_changes
    where create_time < now() - make_interval(secs => older_than_s)
      and xid < pg_snapshot_xmin(pg_current_snapshot())
  ), mark as (
    update user_change_feed set removed_through = old.xid from old
    where old.xid is not null and old.xid > removed_through
    returning removed_through
  )
  delete from user_changes using mark where xid <= mark.removed_through;
  get diagnostics removed = row_count;
  return removed;
end $$;

-- down

drop function remove_user_changes(double precision);
drop function user_changes_between(xid8, xid8, bigint, text[], integer);
