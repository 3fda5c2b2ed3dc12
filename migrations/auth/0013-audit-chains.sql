-- name: 2026-12-01-audit-chains
-- The audit log as chains of batches, at most one chain for each process and hour, and a central chain of
-- them all.
--
-- `audit_batches` holds the lines: `hash` is SHA-256 over the hash before, the number of the batch (4 bytes,
-- big-endian) and `lines`. The first hash before is that of the entry of the central chain by which the chain
-- was opened. `audit_chains` says how far each chain has come. `audit_central` notes what happens to chains;
-- the hash of an entry is SHA-256 over the hash before and the entry's fields.
--
-- Functions that run as the owner write all of it. The service's role may open, extend, note and close
-- chains, and has SELECT on the tables. Only the owner may export and prune. `audit_log` stays, because
-- earlier versions write it.

alter function audit_append(text[]) security definer set search_path = pg_catalog, public, pg_temp;

create table audit_central (
  seq bigint primary key,
  kind text not null check (kind in ('legacy', 'open', 'note', 'close', 'break', 'export', 'prune')),
  chain bigint,
  batches bigint not null,
  head bytea not null,
  at_ms bigint not null,
  note text not null,
  hash bytea not null check (octet_length(hash) = 32)
);

create index audit_central_rare on audit_central (kind, seq) where kind in ('legacy', 'break');

create table audit_central_head (
  only_row boolean primary key default true check (only_row),
  seq bigint not null,
  hash bytea not null check (octet_length(hash) = 32)
);

insert into audit_central_head (seq, hash) values (0, sha256('rollcall audit chains'));

-- Room on each page for the versions that extending a chain makes, so that no index is touched by it.
create table audit_chains (
  id bigint primary key,
  batches integer not null,
  hash bytea not null check (octet_length(hash) = 32),
  state text not null check (state in ('open', 'closed', 'broken', 'exported')),
  noted_ms bigint not null
) with (fillfactor = 50);

create table audit_batches (
  chain bigint not null,
  seq integer not null,
  hash bytea not null check (octet_length(hash) = 32),
  lines bytea not null,
  primary key (chain, seq)
);

-- Ids and digests do not compress.
alter table audit_batches alter column lines set storage external;

-- Returns the hash of the entry. An entry that does not follow the last one does not stop the log: a break is
-- entered, and the chain begins again there.
create function audit_central_add(new_kind text, of_chain bigint, at_batches bigint, at_head bytea, new_note text)
returns bytea language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  place bigint;
  before bytea;
  said text;
  new_hash bytea;
  new_ms bigint := floor(extract(epoch from clock_timestamp()) * 1000)::bigint;
begin
  perform set_config('synchronous_commit', 'on', true);
  select seq, hash into place, before from audit_central_head for update;
  if not found then
    insert into audit_central_head (seq, hash) values (0, sha256('rollcall audit chains')) on conflict do nothing;
    select seq, hash into strict place, before from audit_central_head for update;
    said := 'the head of the central chain is missing';
  elsif place <> 0 and not exists (select from audit_central where seq = place and hash = before) then
    said := 'the entry that the head of the central chain names is not there';
  elsif exists (select from audit_central where seq = place + 1) then
    said := 'somebody else wrote an entry of the central chain';
  end if;
  if said is not null then
    -- The next number that is free: somebody may have written the largest there is.
    select coalesce(min(c.seq), 0) into place from audit_central c
      where c.seq >= 0 and c.seq < 9223372036854775807 and not exists (select from audit_central n where n.seq = c.seq + 1);
    before := sha256(sha256('rollcall audit chains') || convert_to(
      concat_ws('|', place + 1, 'break', '', 0, '', new_ms, said), 'UTF8'));
    insert into audit_central (seq, kind, chain, batches, head, at_ms, note, hash)
      values (place + 1, 'break', null, 0, '', new_ms, said, before);
    place := place + 1;
  end if;
  new_hash := sha256(before || convert_to(
    concat_ws('|', place + 1, new_kind, coalesce(of_chain::text, ''), at_batches, encode(at_head, 'hex'), new_ms, new_note), 'UTF8'));
  insert into audit_central (seq, kind, chain, batches, head, at_ms, note, hash)
    values (place + 1, new_kind, of_chain, at_batches, at_head, new_ms, new_note, new_hash);
  update audit_central_head set seq = place + 1, hash = new_hash;
  return new_hash;
end $$;

-- A random number, so that batches cannot be written ahead of their chain.
create function audit_open(by_whom text, broken bigint, broken_batches integer, broken_head bytea, why text)
returns table (chain text, hash bytea) language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  new_id bigint := ('x' || encode(substr(sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint;
  opening bytea;
begin
  if broken is not null then
    update audit_chains c set state = 'broken' where c.id = broken;
    perform audit_central_add('break', broken, broken_batches, broken_head, why);
  end if;
  opening := audit_central_add('open', new_id, 0, '', by_whom);
  insert into audit_chains (id, batches, hash, state, noted_ms) values (new_id, 0, opening, 'open', floor(extract(epoch from clock_timestamp()) * 1000)::bigint);
  return query select new_id::text, opening;
end $$;

-- Writes nothing when the chain differs from what the caller expects. Returns its state.
create function audit_extend(of_chain bigint, after integer, after_hash bytea, new_lines bytea)
returns table (is_written boolean, state text, batches integer, hash bytea) language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kept record;
  new_hash bytea;
  is_whole boolean;
begin
  perform set_config('synchronous_commit', 'on', true);
  select c.state, c.batches, c.hash into kept from audit_chains c where c.id = of_chain for update;
  is_whole := found and kept.state = 'open' and kept.batches = after and kept.hash = after_hash and (after = 0 or exists (
    select from audit_batches b where b.chain = of_chain and b.seq = after and b.hash = after_hash));
  if is_whole then
    new_hash := sha256(after_hash || int4send(after + 1) || new_lines);
    insert into audit_batches (chain, seq, hash, lines) values (of_chain, after + 1, new_hash, new_lines)
      on conflict do nothing;
    is_whole := found;
  end if;
  if not is_whole then
    return query select false, kept.state, kept.batches, kept.hash;
    return;
  end if;
  update audit_chains c set batches = after + 1, hash = new_hash where c.id = of_chain;
  return query select true, 'open', after + 1, new_hash;
end $$;

create function audit_note(of_chain bigint) returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kept record;
begin
  update audit_chains set noted_ms = floor(extract(epoch from clock_timestamp()) * 1000)::bigint where id = of_chain and state = 'open'
    returning batches, hash into kept;
  if found then perform audit_central_add('note', of_chain, kept.batches, kept.hash, ''); end if;
end $$;

create function audit_close(of_chain bigint) returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kept record;
begin
  update audit_chains set state = 'closed' where id = of_chain and state = 'open'
    returning batches, hash into kept;
  if found then perform audit_central_add('close', of_chain, kept.batches, kept.hash, ''); end if;
end $$;

-- Maintenance: closes chains of ended processes, and records the length of the log before chains.
create function audit_look_after() returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  abandoned bigint;
  old record;
begin
  for abandoned in select id from audit_chains where state = 'open' and noted_ms < floor(extract(epoch from clock_timestamp()) * 1000)::bigint - 7200000 order by id loop
    perform audit_close(abandoned);
  end loop;
  select seq, hash into old from audit_head;
  if found and old.seq is distinct from
    (select batches from audit_central where kind = 'legacy' order by seq desc limit 1) then
    perform audit_central_add('legacy', null, old.seq, old.hash, 'the log before chains');
  end if;
end $$;

create function audit_export(of_chain bigint, digest text) returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kept record;
begin
  update audit_chains set state = 'exported' where id = of_chain and state = 'closed'
    returning batches, hash into kept;
  if not found then raise exception 'chain % is not closed, or was exported before', of_chain; end if;
  perform audit_central_add('export', of_chain, kept.batches, kept.hash, digest);
end $$;

create function audit_prune(of_chain bigint) returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kept record;
begin
  select batches, hash into kept from audit_chains where id = of_chain and state = 'exported' for update;
  if not found then raise exception 'chain % was not exported', of_chain; end if;
  perform audit_central_add('prune', of_chain, kept.batches, kept.hash, '');
  delete from audit_batches where chain = of_chain;
  delete from audit_chains where id = of_chain;
end $$;

revoke all on function audit_central_add(text, bigint, bigint, bytea, text) from public;

revoke all on function audit_export(bigint, text) from public;

revoke all on function audit_prune(bigint) from public;

create function audit_stays() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only added to: % of % is refused', tg_op, tg_table_name;
end $$;

create function audit_chain_goes() returns trigger language plpgsql as $$
begin
  if old.state <> 'exported' then
    raise exception 'the audit log is only added to: chain % was not exported', old.id;
  end if;
  return old;
end $$;

create function audit_batch_goes() returns trigger language plpgsql as $$
begin
  if not exists (select from audit_chains where id = old.chain and state = 'exported') then
    raise exception 'the audit log is only added to: chain % was not exported', old.chain;
  end if;
  return old;
end $$;

create trigger audit_central_stays before update or delete or truncate on audit_central for each statement execute function audit_stays();

create trigger audit_central_head_stays before delete or truncate on audit_central_head for each statement execute function audit_stays();

create trigger audit_chains_stays before truncate on audit_chains for each statement execute function audit_stays();

create trigger audit_batches_stays before update or truncate on audit_batches for each statement execute function audit_stays();

create trigger audit_chain_goes before delete on audit_chains for each row execute function audit_chain_goes();

create trigger audit_batch_goes before delete on audit_batches for each row execute function audit_batch_goes();

select audit_central_add('legacy', null, seq, hash, 'the log before chains') from audit_head;

-- down

drop function audit_open(text, bigint, integer, bytea, text);
drop function audit_extend(bigint, integer, bytea, bytea);
drop function audit_note(bigint);
drop function audit_close(bigint);
drop function audit_look_after();
drop function audit_export(bigint, text);
drop function audit_prune(bigint);
drop function audit_central_add(text, bigint, bigint, bytea, text);
drop table audit_central;
drop table audit_central_head;
drop table audit_chains;
drop table audit_batches;
drop function audit_stays();
drop function audit_chain_goes();
drop function audit_batch_goes();
alter function audit_append(text[]) security invoker reset search_path;
