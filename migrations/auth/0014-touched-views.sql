-- name: 2026-12-01-touched-views
-- Each change says in which views of the user it shows. A larger view shows what a smaller one does, so the
-- smallest is kept: `touched_view` for more than figures, `figures_view` for ratings and statistics; null: in
-- none. Where `update_time` is null nothing is said, as in rows of the code from before, and every view may
-- show the change.
--
-- The feed reads them by a function of its own: processes of the code before go on calling
-- `user_changes_between`.

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
