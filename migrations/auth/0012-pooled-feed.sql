-- name: 2026-12-01-pooled-feed
-- Functions that read and trim the change feed, with their own settings. A plan of a time with few changes
-- would scan all of them until the next analyse, so sequential scans are off, also behind a pooler, whose
-- sessions take no settings.
--
-- The reading function is stable, so that it sees the snapshot of the calling statement, which took the
-- bounds.
--
-- `xid < end_xid`, not `<=`: when the end is of the own snapshot, both mean the same, because that
-- transaction is not visible. When it is of an earlier snapshot, another reader begins there and would return
-- that transaction twice.

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
