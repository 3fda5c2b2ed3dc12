-- name: 2026-12-01-touched-views
-- Each change records the views of the user that show it. A larger view includes the smaller ones, so the
-- smallest is stored: `touched_view` for more than statistics, `figures_view` for ratings and statistics,
-- null for none. Without `update_time`, as in rows of earlier versions, any view may show the change.
--
-- The feed reads them by a new function: earlier versions still call `user_changes_between`.

alter table user_changes
  add column touched_view text check (touched_view in ('REFERENCE', 'BASIC', 'FULL')),
  add column figures_view text check (figures_view in ('REFERENCE', 'BASIC', 'FULL')),
  add column update_time timestamptz(3);

create function user_changes_with_views(first_xid xid8, end_xid xid8, after_seq bigint, tenants text[], most integer)
returns table (seq bigint, tenant_id text, user_id uuid, version bigint, kind text,
  touched_view text, figures_view text, update_time timestamptz)
language plpgsql stable rows 100 set enable_seqscan = off as $$
begin
  return query
    select c.seq, c.tenant_id, c.user_id, c.version, c.kind, c.touched_view, c.figures_view, c.update_time::timestamptz
    from user_changes c
    where c.xid >= first_xid and c.xid < user_changes_with_views.end_xid and c.seq > after_seq
      and (tenants is null or c.tenant_id = any(tenants))
    order by c.seq limit most;
end $$;

-- down

drop function user_changes_with_views(xid8, xid8, bigint, text[], integer);
alter table user_changes drop column touched_view, drop column figures_view, drop column update_time;
