-- name: 2026-12-02-erasures
-- What services report of erasures. `consumer`: the service that has cleared what it held; `remaining`: what
-- is left for an operator. The index of `users` holds erased users alone.

create table erasure_reports (
  tenant_id text not null,
  user_id uuid not null,
  consumer text not null,
  report_time timestamptz(3) not null default clock_timestamp(),
  remaining text not null default '' check (char_length(remaining) <= 500),
  primary key (tenant_id, user_id, consumer)
);

create index users_erased on users (erase_time, tenant_id, id) where erase_time is not null;

-- down

drop index users_erased;
drop table erasure_reports;
