import type { MigrationObject } from '@mikro-orm/core';
import {
  ACCENTS,
  LEFT_OUT,
  LETTER_GROUPS,
  LONGER_LETTERS,
  SEPARATORS,
  SYLLABLES,
  UNSEEN,
} from '../lib/folded-characters.ts';
import { sqlMigration } from '../lib/migrations.ts';
import { FORMER_SEARCH_PARTS, FORMER_SEARCH_TEXT } from './0008-search.ts';

/** Characters that a `search_text` folds, as classes of PostgreSQL's regular expressions. */
export interface FoldedCharacters {
  readonly leftOut: string;
  readonly accents: string;
  readonly separators: string;
  /** The dots of Catalan `l·l`. */
  readonly dotsOfLl: string;
  readonly letterGroups: typeof LETTER_GROUPS;
  readonly longerLetters: typeof LONGER_LETTERS;
}

/**
 * Returns the function, to go after `create`. Words are separated by spaces; `% _ \\` and others are letters.
 */
export function searchText(folded: FoldedCharacters): string {
  const { leftOut, accents, separators, dotsOfLl, letterGroups, longerLetters } = folded;
  const letters = letterGroups.map(
    ([from, to]) => `if value ~ '[${from}]' then value := translate(value, '${from}', '${to}'); end if;`,
  );
  const longer = longerLetters.reduce(
    (text, [letter, folded]) => `replace(${text}, '${letter}', '${folded}')`,
    'value',
  );
  return `function search_text(value text) returns text language plpgsql immutable strict parallel safe as $$
  begin
    if value !~ '^[\\x20-\\x7e]*$' then
      value := normalize(regexp_replace(value, '[${leftOut}]+', '', 'g'), NFKD);
      value := regexp_replace(value, '[${accents}${leftOut}]+', '', 'g');
      if value !~ '^[\\x20-\\x7e]*$' then
        value := regexp_replace(value, '([lL])[${dotsOfLl}](?=[lL])', '\\1', 'g');
        value := regexp_replace(value, '[${separators}]+', ' ', 'g');
        ${letters.join('\n        ')}
        value := ${longer};
      end if;
    end if;
    return translate(lower(value collate "C"), '"(),-./:;<>?!&[]{|}\`''', '                   ');
  end $$`;
}

/** Characters that this migration folds. */
export const FOLDED_NAMES: FoldedCharacters = {
  leftOut: LEFT_OUT,
  accents: ACCENTS,
  separators: SEPARATORS,
  dotsOfLl: '\\u00b7',
  letterGroups: LETTER_GROUPS,
  longerLetters: LONGER_LETTERS,
};
const SEARCH_TEXT = searchText(FOLDED_NAMES);

/** The last letter of a word is a part by itself where it is a syllable or a word. */
const SEARCH_PARTS = `function search_parts(word text) returns table (kind smallint, part text)
  language sql immutable parallel safe as $$
    select 0::smallint, substr(word, at)
    from generate_series(2, length(word) - case when word ~ '[${SYLLABLES}]$' then 0 else 1 end) at
    union
    select 1::smallint, left(word, at - 1) || substr(word, at + 1) from generate_series(1, length(word)) at
    where length(word) between 3 and 20 $$`;

const NAMES = 'first_name, last_name, display_name, business_name';
const SORTED_BY = `coalesce(nullif(display_name, ''), nullif(btrim(first_name || ' ' || last_name), ''), business_name)`;

/** Users whose words or sort name change with another `search_text`. */
const CHANGED = `select tenant_id, id, search_entry(${NAMES}) as was, next_search_entry(${NAMES}) as is_now
  from users where (first_name || last_name || display_name || business_name) !~ '^[\\x20-\\x7e]*$'
  and (search_entry(${NAMES}) <> next_search_entry(${NAMES})
    or sort_name <> left(next_search_text(${SORTED_BY}), 100))`;

/**
 * Replaces `search_text` and writes again what was made with the one before.
 *
 * The users concerned are found before writers of names have to wait, and looked for once more among those
 * who were written meanwhile. A search sees all before or all after, because it is one transaction.
 */
export function refold(searchText: string): string[] {
  return [
    `create ${searchText.replace('search_text', 'next_search_text')}`,
    `do $$ begin
      execute replace(pg_get_functiondef('search_entry(text, text, text, text)'::regprocedure), 'search_', 'next_search_');
    end $$`,
    'create table refold_start as select pg_snapshot_xmin(pg_current_snapshot())::xid as oldest',
    `create table refolded as ${CHANGED}`,
    'lock table users in share row exclusive mode',
    'create table written_since as select tenant_id, id from users, refold_start where age(users.xmin) <= age(oldest)',
    `delete from refolded r using written_since w where w.tenant_id = r.tenant_id and w.id = r.id`,
    `insert into refolded ${CHANGED} and (tenant_id, id) in (select tenant_id, id from written_since)`,
    `delete from refolded r where not exists (select 1 from users u where u.tenant_id = r.tenant_id and u.id = r.id)`,
    `delete from user_words w using refolded r, string_to_table(r.was, ' ') item
      where w.tenant_id = r.tenant_id and w.user_id = r.id and w.word = split_part(item, ':', 1)`,
    `insert into user_words (tenant_id, word, user_id, entry)
      select r.tenant_id, split_part(item, ':', 1), r.id, r.is_now from refolded r, string_to_table(r.is_now, ' ') item
      where item <> ''`,
    `with words as (
        select distinct r.tenant_id, split_part(item, ':', 1) as word
        from refolded r, string_to_table(r.is_now, ' ') item where item <> '')
      insert into name_parts (tenant_id, kind, part, word)
      select tenant_id, 0, word, word from words
      union select tenant_id, parts.kind, parts.part, word from words, search_parts(word) parts
      on conflict do nothing`,
    `select forget_words(tenant_id, array_agg(word)) from (
        select distinct r.tenant_id, split_part(item, ':', 1) as word
        from refolded r, string_to_table(r.was, ' ') item where item <> '') words
      group by tenant_id`,
    `create or replace ${searchText}`,
    // The place in the order of names follows any name that is written, the same one included.
    `update users u set first_name = u.first_name from refolded r where u.tenant_id = r.tenant_id and u.id = r.id`,
    'drop table refold_start, refolded, written_since',
    'drop function next_search_text, next_search_entry',
  ];
}

const shown = (column: string) => `case when ${column} ~ '^[${UNSEEN}]*$' then '' else ${column} end`;
const showsNothing = (column: string) => `${column} ~ '^[${UNSEEN}]+$'`;
const COLUMNS = NAMES.split(', ');

/**
 * Names are folded as `@rollcall/contract/text` folds them: full case folding, every invisible character,
 * every sign for an apostrophe. A word may be found by its last letter where that is a syllable. Names that
 * show nothing become empty.
 */
export const migration: MigrationObject = sqlMigration('2026-12-02-folded-names', {
  up: [
    `create or replace ${SEARCH_PARTS}`,
    ...refold(SEARCH_TEXT),
    `insert into name_parts (tenant_id, kind, part, word)
      select tenant_id, 0, right(word, 1), word from name_parts
      where kind = 0 and part = word and length(word) > 1 and word ~ '[${SYLLABLES}]$'
      on conflict do nothing`,
    `update users set ${COLUMNS.map((column) => `${column} = ${shown(column)}`).join(', ')}
      where ${COLUMNS.map(showsNothing).join(' or ')}`,
  ],
  down: [
    ...refold(FORMER_SEARCH_TEXT),
    `delete from name_parts where kind = 0 and length(part) = 1 and part <> word and part ~ '[${SYLLABLES}]$'`,
    `create or replace ${FORMER_SEARCH_PARTS}`,
  ],
});
