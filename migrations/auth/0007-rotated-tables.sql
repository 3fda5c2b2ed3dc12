-- name: 2026-11-20-rotated-tables
-- The change of keys goes through several tables; how far it is in each stands by itself. `after_key`: of the
-- last row, as text.

drop table key_rotations;

create table key_rotations (
  table_name text not null,
  sealing_key_id text not null,
  index_key_id text not null,
  after_key text[],
  found bigint not null,
  finish_time timestamptz(3),
  primary key (table_name, sealing_key_id, index_key_id)
);

-- down

drop table key_rotations;
create table key_rotations (
  sealing_key_id text not null,
  index_key_id text not null,
  after_tenant_id text not null,
  after_id uuid not null,
  found bigint not null,
  finish_time timestamptz(3),
  primary key (sealing_key_id, index_key_id)
);
