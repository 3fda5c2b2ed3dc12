-- name: 2026-12-02-billing-erased-users
-- Users who were erased, and whose rows the service has cleared. `erase_time`: of the erasure at the owner.
-- Ids only.

create table erased_users (
  tenant_id text not null,
  user_id uuid not null,
  erase_time timestamptz(3) not null,
  clear_time timestamptz(3) not null default clock_timestamp(),
  primary key (tenant_id, user_id)
);

create index erased_users_time on erased_users (erase_time);

-- down

drop table erased_users;
