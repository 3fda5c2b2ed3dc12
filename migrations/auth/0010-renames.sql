-- name: 2026-11-20-renames
-- A rename writes only the words that change. Words that stay are updated in place; only the others are
-- indexed, inserted and deleted. Before, every word of the user was. A word is indexed before a user has it,
-- and locked against deletion.
--
-- Statements in these functions are planned once per connection. PostgreSQL would plan most of them at every
-- call, because it expects longer arrays, and planning took as long as the rest. A cached plan may be of a
-- time when tables were small, so sequential scans are off.

-- The inserting transaction needs no lock: no other one deletes an uncommitted row.
create or replace function know_word(tenant text, new_word text) returns void language plpgsql as $$
begin
  loop
    perform 1 from name_parts
    where tenant_id = tenant and kind = 0 and part = new_word and word = new_word for key share;
    exit when found;
    insert into name_parts (tenant_id, kind, part, word) values (tenant, 0, new_word, new_word) on conflict do nothing;
    if found then
      insert into name_parts (tenant_id, kind, part, word)
      select tenant, parts.kind, parts.part, new_word from search_parts(new_word) parts on conflict do nothing;
      exit;
    end if;
  end loop;
end $$;

-- An existing word of the user stays indexed: a word that a user has is not deleted.
create or replace function index_renamed_user() returns trigger language plpgsql as $$
declare
  new_entry text := search_entry(new.first_name, new.last_name, new.display_name, new.business_name);
  was text[] := string_to_array(regexp_replace(search_entry(old.first_name, old.last_name, old.display_name, old.business_name), ':[0-9]+', '', 'g'), ' ');
  is_now text[] := string_to_array(regexp_replace(new_entry, ':[0-9]+', '', 'g'), ' ');
  added text[];
  gone text[];
begin
  with kept as (
    update user_words set entry = new_entry
    where tenant_id = new.tenant_id and user_id = new.id and word = any(is_now) returning word)
  select array(select unnest(is_now) except select word from kept order by 1),
    array(select unnest(was) except select unnest(is_now)) into added, gone;
  if cardinality(added) > 0 then
    perform know_words(array_fill(new.tenant_id, array[cardinality(added)]), added);
    insert into user_words (tenant_id, word, user_id, entry)
    select new.tenant_id, word, new.id, new_entry from unnest(added) word;
  end if;
  if cardinality(gone) > 0 then
    delete from user_words where tenant_id = old.tenant_id and user_id = old.id and word = any(gone);
    perform forget_words(old.tenant_id, gone);
  end if;
  return null;
end $$;

alter function know_word(text, text) set plan_cache_mode = force_generic_plan set enable_seqscan = off;

alter function forget_words(text, text[]) set plan_cache_mode = force_generic_plan set enable_seqscan = off;

alter function index_renamed_user() set plan_cache_mode = force_generic_plan set enable_seqscan = off;

alter function unindex_user() set plan_cache_mode = force_generic_plan set enable_seqscan = off;

-- down

alter function know_word(text, text) reset all;
alter function forget_words(text, text[]) reset all;
alter function index_renamed_user() reset all;
alter function unindex_user() reset all;
create or replace function know_word(tenant text, new_word text) returns void language plpgsql as $$
begin
  loop
    insert into name_parts (tenant_id, kind, part, word) values (tenant, 0, new_word, new_word) on conflict do nothing;
    if found then
      insert into name_parts (tenant_id, kind, part, word)
      select tenant, parts.kind, parts.part, new_word from search_parts(new_word) parts on conflict do nothing;
    end if;
    perform 1 from name_parts
    where tenant_id = tenant and kind = 0 and part = new_word and word = new_word for key share;
    exit when found;
  end loop;
end $$;
create or replace function index_renamed_user() returns trigger language plpgsql as $$
declare
  entry text := search_entry(new.first_name, new.last_name, new.display_name, new.business_name);
  was text[] := array(select split_part(item, ':', 1) from string_to_table(search_entry(old.first_name, old.last_name, old.display_name, old.business_name), ' ') item where item <> '');
  is_now text[] := array(select split_part(item, ':', 1) from string_to_table(entry, ' ') item where item <> '' order by 1);
begin
  delete from user_words where tenant_id = old.tenant_id and user_id = old.id and word = any(was);
  perform know_words(array_fill(new.tenant_id, array[cardinality(is_now)]), is_now);
  insert into user_words (tenant_id, word, user_id, entry)
  select new.tenant_id, word, new.id, entry from unnest(is_now) word;
  perform forget_words(old.tenant_id, array(select unnest(was) except select unnest(is_now)));
  return null;
end $$;
