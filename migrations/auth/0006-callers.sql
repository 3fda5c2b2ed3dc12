-- name: 2026-11-20-callers
-- Who may call, and the log of who did.
--
-- `caller_grants_version` counts up with every change of the grants, so that looking for one costs next to
-- nothing.
--
-- `audit_log` is a chain: the hash of a line is SHA-256 over the hash of the line before, the line's number
-- (8 bytes, big-endian) and its text. `audit_append` alone writes it; the lock on `audit_head` makes one
-- chain of what many processes write. The head says how long the chain is, so that cutting lines off its end
-- shows too.

create table caller_grants (
  caller text not null,
  name text not null,
  methods text[] not null check (cardinality(methods) > 0),
  views text[] not null,
  tenants text[] not null check (cardinality(tenants) > 0),
  rate_per_second double precision not null default 0 check (rate_per_second >= 0),
  burst integer not null default 0 check (burst >= 0),
  concurrency integer not null default 0 check (concurrency >= 0),
  update_time timestamptz(3) not null default now(),
  primary key (caller, name)
);

create table caller_grants_version (
  only_row boolean primary key default true check (only_row),
  version bigint not null
);

insert into caller_grants_version (version) values (1);

create function caller_grants_changed() returns trigger language plpgsql as $$
begin
  update caller_grants_version set version = version + 1;
  return null;
end $$;

create trigger caller_grants_changed after insert or update or delete or truncate on caller_grants
  for each statement execute function caller_grants_changed();

create table audit_log (
  seq bigint primary key,
  content text not null,
  hash bytea not null check (octet_length(hash) = 32)
);

create table audit_head (
  only_row boolean primary key default true check (only_row),
  seq bigint not null,
  hash bytea not null check (octet_length(hash) = 32)
);

insert into audit_head (seq, hash) values (0, sha256('rollcall audit log'));

create function audit_append(contents text[]) returns bigint language plpgsql as $$
declare
  at bigint;
  line_hash bytea;
  line text;
  hashes bytea[] := '{}';
begin
  perform set_config('synchronous_commit', 'on', true);
  select seq, hash into strict at, line_hash from audit_head for update;
  foreach line in array contents loop
    at := at + 1;
    line_hash := sha256(line_hash || int8send(at) || convert_to(line, 'UTF8'));
    hashes := hashes || line_hash;
  end loop;
  insert into audit_log (seq, content, hash)
    select at - cardinality(contents) + lines.place, lines.content, lines.hash
    from unnest(contents, hashes) with ordinality as lines (content, hash, place);
  update audit_head set seq = at, hash = line_hash;
  return at;
end $$;

create function audit_log_stays() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only added to: % of % is refused', tg_op, tg_table_name;
end $$;

create trigger audit_log_stays before update or delete or truncate on audit_log
  for each statement execute function audit_log_stays();

create trigger audit_head_stays before delete or truncate on audit_head
  for each statement execute function audit_log_stays();

-- down

drop table audit_head;
drop table audit_log;
drop function audit_append(text[]);
drop function audit_log_stays();
drop table caller_grants_version;
drop table caller_grants;
drop function caller_grants_changed();
