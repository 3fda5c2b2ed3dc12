import type { MigrationObject } from '@mikro-orm/core';
import { FOLDED_LETTERS, LETTERS } from '../lib/letter-cases.ts';
import { sqlMigration } from '../lib/migrations.ts';

/** How names are folded until `2026-12-02-folded-names`, behind `create`. */
export const FORMER_SEARCH_TEXT = `function search_text(value text) returns text language plpgsql immutable strict parallel safe as $$
  begin
    if value !~ '^[\\x20-\\x7e]*$' then
      value := regexp_replace(normalize(value, NFKD), '[\\u0300-\\u036f\\u0591-\\u05c7\\u064b-\\u065f\\u0670\\ufe0e\\ufe0f\\u2018\\u2019\\u02bc]+', '', 'g');
      if value !~ '^[\\x20-\\x7e]*$' then
        value := translate(value, '${LETTERS}', '${FOLDED_LETTERS}');
        value := replace(replace(replace(value, 'ß', 'ss'), 'æ', 'ae'), 'Æ', 'ae');
        value := replace(replace(replace(replace(value, 'œ', 'oe'), 'Œ', 'oe'), 'þ', 'th'), 'Þ', 'th');
        value := regexp_replace(value, '[\\u0001-\\u001f\\u007f-\\u00a1\\u00ab\\u00b7\\u00bb\\u00bf\\u2000-\\u206f\\u3000-\\u303f]+', ' ', 'g');
      end if;
    end if;
    return translate(lower(value collate "C"), '"(),-./:;<>?!&[]{|}\`''', '                   ');
  end $$`;

/** Which parts of a word it is found by until then, behind `create`. */
export const FORMER_SEARCH_PARTS = `function search_parts(word text) returns table (kind smallint, part text)
  language sql immutable parallel safe as $$
    select 0::smallint, substr(word, at) from generate_series(2, length(word) - 1) at
    union
    select 1::smallint, left(word, at - 1) || substr(word, at + 1) from generate_series(1, length(word)) at
    where length(word) between 3 and 20 $$`;

/**
 * Search by name, and lists in the order of names.
 *
 * Three steps, each one range of a btree that begins with the tenant: `name_parts` finds the words that
 * contain a part or resemble it, `user_words` finds the users of a word. Words repeat, so the first is small
 * where users are many. No extension is needed, and no locale: pg_trgm knows ASCII letters only in a database
 * of the locale C. Triggers update both tables for every writer; a change that leaves names alone costs
 * nothing.
 */
export const migration: MigrationObject = sqlMigration('2026-11-20-search', {
  up: [
    `do $$ begin
      if getdatabaseencoding() <> 'UTF8' then
        raise exception 'its encoding is %, and names need UTF8: create it anew with ENCODING ''UTF8''', getdatabaseencoding();
      end if;
    end $$`,
    // Without letter case, accents, apostrophes; punctuation is a space. % _ \\ and the like are letters
    // among others.
    `create ${FORMER_SEARCH_TEXT}`,
    // 'ada:5 lovelace:6': each word with the fields that have it: 1 first, 2 last, 4 display, 8 business
    // name.
    `create function search_entry(first_name text, last_name text, display_name text, business_name text)
      returns text language plpgsql immutable parallel safe as $$
      declare
        texts text[] := array[first_name, last_name, display_name, business_name];
        words text[] := '{}';
        fields integer[] := '{}';
        word text;
        place integer;
      begin
        for field in 1..4 loop
          continue when texts[field] = '';
          foreach word in array string_to_array(search_text(texts[field]), ' ') loop
            continue when word = '';
            word := left(word, 64);
            place := array_position(words, word);
            if place is not null then
              fields[place] := fields[place] | (1 << (field - 1));
            elsif cardinality(words) < 32 then
              words := words || word;
              fields := fields || (1 << (field - 1));
            end if;
          end loop;
        end loop;
        for place in 1..cardinality(words) loop
          words[place] := words[place] || ':' || fields[place];
        end loop;
        return array_to_string(words, ' ');
      end $$`,
    `create table user_words (
      tenant_id text not null,
      word text collate "C" not null,
      user_id uuid not null,
      -- All words of the user, so that one look tells who has several.
      entry text collate "C" not null,
      primary key (tenant_id, word, user_id)
    )`,
    `create table name_parts (
      tenant_id text not null,
      -- 0: the word, or its end from some letter on; 1: the word without one of its letters.
      kind smallint not null,
      part text collate "C" not null,
      word text collate "C" not null,
      primary key (tenant_id, kind, part, word)
    )`,
    `create ${FORMER_SEARCH_PARTS}`,
    // Inserts a word before a user has it, and locks it against removal until the transaction ends. A few
    // words are inserted one by one, in order: a cached plan for many words, made while the tables were
    // small, scans the whole table on every call.
    `create function know_word(tenant text, new_word text) returns void language plpgsql as $$
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
      end $$`,
    `create function know_words(tenants text[], words text[]) returns void language plpgsql as $$
      declare
        held integer;
      begin
        if cardinality(words) <= 64 then
          for place in 1..cardinality(words) loop
            perform know_word(tenants[place], words[place]);
          end loop;
          return;
        end if;
        loop
          with made as (
            insert into name_parts (tenant_id, kind, part, word)
            select tenant, 0, word, word from unnest(tenants, words) given (tenant, word) order by 1, 3
            on conflict do nothing returning tenant_id, word)
          insert into name_parts (tenant_id, kind, part, word)
          select made.tenant_id, parts.kind, parts.part, made.word from made, search_parts(made.word) parts
          on conflict do nothing;
          select count(*) into held from (
            select 1 from unnest(tenants, words) given (tenant, word)
            join name_parts on tenant_id = tenant and kind = 0 and part = given.word and name_parts.word = given.word
            for key share of name_parts) locked;
          exit when held >= cardinality(words);
        end loop;
      end $$`,
    // Who is adding the word holds it, and is not waited for.
    `create function forget_words(tenant text, words text[]) returns void language plpgsql as $$
      begin
        with unused as (
          select part as word from name_parts
          where tenant_id = tenant and kind = 0 and part = any(words) and name_parts.word = part
          for update skip locked),
        gone as (select word from unused where not exists (
          select 1 from user_words where tenant_id = tenant and user_words.word = unused.word))
        delete from name_parts using (
          select word, 0::smallint as kind, word as part from gone
          union all
          select word, parts.kind, parts.part from gone, search_parts(gone.word) parts) each
        where name_parts.tenant_id = tenant and name_parts.kind = each.kind and name_parts.part = each.part
          and name_parts.word = each.word;
      end $$`,
    `create function index_new_users() returns trigger language plpgsql as $$
      declare
        tenants text[];
        words text[];
      begin
        with made as (
          insert into user_words (tenant_id, word, user_id, entry)
          select tenant_id, split_part(item, ':', 1), id, entry
          from new_users, search_entry(first_name, last_name, display_name, business_name) entry,
            string_to_table(entry, ' ') item
          where item <> '' order by 1, 2, 3
          returning tenant_id, word)
        select array_agg(tenant_id), array_agg(word) into tenants, words
        from (select distinct tenant_id, word from made order by 1, 2) known;
        if words is not null then
          perform know_words(tenants, words);
        end if;
        return null;
      end $$`,
    `create function index_renamed_user() returns trigger language plpgsql as $$
      declare
        entry text := search_entry(new.first_name, new.last_name, new.display_name, new.business_name);
        was text[] := array(select split_part(item, ':', 1) from string_to_table(
          search_entry(old.first_name, old.last_name, old.display_name, old.business_name), ' ') item where item <> '');
        is_now text[] := array(select split_part(item, ':', 1) from string_to_table(entry, ' ') item where item <> '' order by 1);
      begin
        delete from user_words where tenant_id = old.tenant_id and user_id = old.id and word = any(was);
        perform know_words(array_fill(new.tenant_id, array[cardinality(is_now)]), is_now);
        insert into user_words (tenant_id, word, user_id, entry)
        select new.tenant_id, word, new.id, entry from unnest(is_now) word;
        perform forget_words(old.tenant_id, array(select unnest(was) except select unnest(is_now)));
        return null;
      end $$`,
    `create function unindex_user() returns trigger language plpgsql as $$
      declare
        was text[] := array(select split_part(item, ':', 1) from string_to_table(
          search_entry(old.first_name, old.last_name, old.display_name, old.business_name), ' ') item where item <> '');
      begin
        delete from user_words where tenant_id = old.tenant_id and user_id = old.id and word = any(was);
        perform forget_words(old.tenant_id, was);
        return null;
      end $$`,
    `create trigger users_indexed after insert on users
      referencing new table as new_users for each statement execute function index_new_users()`,
    `create trigger users_renamed after update on users for each row
      when ((old.first_name, old.last_name, old.display_name, old.business_name)
        is distinct from (new.first_name, new.last_name, new.display_name, new.business_name))
      execute function index_renamed_user()`,
    `create trigger users_unindexed after delete on users for each row execute function unindex_user()`,
    // The former order of names.
    `insert into user_words (tenant_id, word, user_id, entry)
      select tenant_id, split_part(item, ':', 1), id, entry
      from users, search_entry(first_name, last_name, display_name, business_name) entry,
        string_to_table(entry, ' ') item
      where item <> ''`,
    `insert into name_parts (tenant_id, kind, part, word)
      select tenant_id, 0, word, word from user_words group by tenant_id, word
      union
      select tenant_id, parts.kind, parts.part, word
      from (select distinct tenant_id, word from user_words) known, search_parts(word) parts`,
    // As people sort names: neither letter case nor accents count. The first 100 letters decide, then the id.
    `alter table users add column sort_name text collate "C" not null generated always as (left(search_text(
      coalesce(nullif(display_name, ''), nullif(btrim(first_name || ' ' || last_name), ''), business_name)), 100)) stored`,
    // A stretch for each kind of user in each order, so that a list of any kinds reads what it answers and no
    // more.
    `drop index users_create_time, users_update_time`,
    `create index users_create_time on users (tenant_id, state, role, create_time, id)`,
    `create index users_update_time on users (tenant_id, state, role, update_time, id)`,
    `create index users_sort_name on users (tenant_id, state, role, sort_name, id)`,
    `create index users_deleted_email_key on users (tenant_id, email_key) where delete_time is not null`,
  ],
  down: [
    `drop index users_deleted_email_key, users_sort_name, users_create_time, users_update_time`,
    `create index users_create_time on users (tenant_id, create_time, id)`,
    `create index users_update_time on users (tenant_id, update_time, id)`,
    `alter table users drop column sort_name`,
    `drop trigger users_indexed on users`,
    `drop trigger users_renamed on users`,
    `drop trigger users_unindexed on users`,
    `drop function index_new_users, index_renamed_user, unindex_user, forget_words, know_words, know_word`,
    `drop table name_parts, user_words`,
    `drop function search_parts, search_entry, search_text`,
  ],
});
