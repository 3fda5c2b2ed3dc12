import type { Pool } from '@rollcall/runtime/postgres';
import type { UserFilter } from '../../users/reading/user-reads.ts';
import { isPart, POINTS } from '../../users/searching/search-score.ts';
import {
  type OwnerBlock,
  type OwnerScan,
  type UserSearch,
  WORDS_AT_ONCE,
} from '../../users/searching/user-search.ts';
import type { User, UserView } from '../../users/user.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { type SelectedRow, selectOf, userFromRow } from '../rows/user-from-row.ts';
import { type Bind, conditionsOf } from './user-filter.ts';

/** Searches the tables `name_parts` and `user_words`, which triggers of the database maintain. */
export function createPostgresUserSearch(pool: Pool, seal: ContactSeal): UserSearch {
  const wordsBy = async (statement: { name: string; text: string }, values: unknown[]) =>
    (await pool.query<{ word: string }>({ ...statement, values })).rows.map(({ word }) => word);

  async function select(
    { filter, view, others, isWanted = () => true }: Selection,
    narrow: (bind: Bind) => string,
  ): Promise<User[]> {
    const values: unknown[] = [];
    const bind: Bind = (value) => `$${values.push(value)}`;
    const where = [...conditionsOf(filter, bind), narrow(bind)].join(' and ');
    const text = `${selectOf(view, others)} where ${where} order by u.id limit ${MAX_USERS}`;
    const { rows } = await pool.query<SelectedRow>(text, values);
    return rows.filter(isWanted).map((row) => userFromRow(row, view, seal));
  }

  return {
    termsOf: (query) => wordsBy(TERMS, [query]),
    wordsWith: (tenantId, term, from) =>
      wordsBy(WORDS_WITH, [
        tenantId,
        term,
        `${term}\u{10ffff}`,
        from?.points ?? POINTS.exact,
        from?.word ?? '',
        isPart(term),
      ]),
    wordsNear: (tenantId, { term, shortened }) =>
      wordsBy(WORDS_NEAR, [tenantId, [term, ...shortened], shortened]),
    async knownParts(tenantId, parts) {
      const { rows } = await pool.query<{ part: string; isWord: boolean }>({
        ...KNOWN_PARTS,
        values: [tenantId, parts],
      });
      return {
        words: new Set(rows.filter(({ isWord }) => isWord).map(({ part }) => part)),
        beginnings: new Set(rows.map(({ part }) => part)),
      };
    },
    async isNameOfOneUser(tenantId, { word, others }) {
      const patterns = others.map((other) => other.replace(/[\\%_]/g, '\\$&'));
      const { rowCount } = await pool.query({ ...NAME_OF_ONE_USER, values: [tenantId, word, patterns] });
      return rowCount === 1;
    },
    scan: (walk) => scanOwners(pool, walk),
    async count(tenantId, words, limit) {
      const { rows } = await pool.query<{ owners: number }>({ ...COUNT, values: [tenantId, words, limit] });
      return rows[0]?.owners ?? 0;
    },
    async filterUsers(filter, ids, view) {
      const users = await select({ filter, view }, (bind) => `u.id = any(${bind(ids)}::uuid[])`);
      return new Map(users.map((user) => [user.id, user]));
    },
    withEmail: (filter, key, view) =>
      select({ filter, view }, (bind) => {
        const keys = bind(seal.emailIndexes(key, filter.tenantId));
        // Two conditions for two indexes: the address of a deleted user may belong to another user now.
        return `(u.email_key = any(${keys}::bytea[]) and u.delete_time is null
          or u.email_key = any(${keys}::bytea[]) and u.delete_time is not null)`;
      }),
    withPhone: (filter, phone, view) =>
      select(
        {
          filter,
          view,
          others: ['u.phone_sealed'],
          isWanted: (row) => seal.isPhone(row.phone_sealed, phone, ownerOf(row)),
        },
        (bind) => {
          const keys = bind(seal.phoneIndexes(phone, filter.tenantId));
          return `u.phone_key = any(${keys}::bytea[]) and u.phone_key is not null`;
        },
      ),
  };
}

const MAX_USERS = 25_000;

/** The users to read. */
interface Selection {
  readonly filter: UserFilter;
  readonly view: UserView;
  /** Columns beside those of the view. */
  readonly others?: readonly string[];
  /** A condition that SQL cannot express. */
  readonly isWanted?: (row: SelectedRow) => boolean;
}

function ownerOf(row: SelectedRow) {
  return { tenantId: row.tenant_id, id: row.id };
}

const TERMS = {
  name: 'search_terms',
  text: `select left(word, 64) as word from string_to_table(search_text($1), ' ') word where word <> ''`,
};

// A part that more words contain is searched in the first of them, in the order of the letters after it.
const MAX_PARTS = 50_000;

const WORDS_WITH = {
  name: 'search_words_with',
  text: `select word from (
      select distinct word from (
        select word from name_parts
        where tenant_id = $1 and kind = 0 and part >= $2 and part < $3 limit ${MAX_PARTS}) parts) words
    cross join lateral (select case
        when word = $2 then ${POINTS.exact}
        when starts_with(word, $2) then ${POINTS.prefix} + ${POINTS.length} * char_length($2) / char_length(word)
        else ${POINTS.part} + ${POINTS.length} * char_length($2) / char_length(word) end as points) scored
    where (points < $4::integer or points = $4::integer and word >= $5) and ($6::boolean or starts_with(word, $2))
    order by points desc, word limit ${WORDS_AT_ONCE}`,
};

const WORDS_NEAR = {
  name: 'search_words_near',
  text: `select word from (
      select word from name_parts where tenant_id = $1 and kind = 1 and part = any($2::text[])
      union
      select word from name_parts where tenant_id = $1 and kind = 0 and part = any($3::text[]) and word = part) near
    limit 2000`,
};

const KNOWN_PARTS = {
  name: 'search_known_parts',
  text: `select given.part, exists (select 1 from name_parts
        where tenant_id = $1 and kind = 0 and part = given.part and word = given.part) as "isWord"
    from unnest($2::text[]) given (part)
    where exists (select 1 from name_parts where tenant_id = $1 and kind = 0 and part >= given.part
      and part < given.part || '\u{10ffff}' and word = part)`,
};

// Looks at as many users as a search scans in one block.
const NAME_OF_ONE_USER = {
  name: 'search_name_of_one_user',
  text: `select 1 from (select entry from user_words where tenant_id = $1 and word = $2 limit 10000) owners
    where (select bool_and(entry like other || '%' or entry like '% ' || other || '%') from unnest($3::text[]) other)
    limit 1`,
};

// For each word in turn its users in order of their ids. The loop ends at the limit and reads no more rows.
const OWNERS = `select w.place, w.word, o.user_id, o.entry
    from unnest($2::text[]) with ordinality w (word, place)
    cross join lateral (
      select user_id, entry from user_words x
      where x.tenant_id = $1 and x.word = w.word and x.user_id > case when w.place = 1 then $3::uuid else '${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}' end
      order by user_id limit $4) o
    limit $4`;

const COUNT = {
  name: 'search_count',
  text: `select count(*)::integer as owners from (
    select 1 from unnest($2::text[]) w (word) cross join lateral (
      select 1 from user_words x where x.tenant_id = $1 and x.word = w.word limit $3) o limit $3) counted`,
};

interface OwnerRow {
  word: string;
  user_id: string;
  entry: string | null;
}

async function scanOwners(pool: Pool, walk: OwnerScan): Promise<OwnerBlock> {
  const { tenantId, words, afterId, limit, patterns } = walk;
  const matching = patterns.map((_, i) => `entry like any($${5 + i}::text[])`);
  // The last row of a full block is returned without its entry, as the place to continue.
  const text = `with block as materialized (${OWNERS})
    select word, user_id, entry from block ${matching.length > 0 ? `where ${matching.join(' and ')}` : ''}
    union all
    (select word, user_id, null from block offset $4 - 1)`;
  const values = [tenantId, words, afterId || FIRST_ID, limit, ...patterns];
  const { rows } = await pool.query<OwnerRow>({ name: `search_scan_${patterns.length}`, text, values });
  const owners = rows.flatMap(({ word, user_id: id, entry }) =>
    entry === null ? [] : [{ word, id, entry }],
  );
  const last = rows.find(({ entry }) => entry === null);
  return { owners, ...(last && { last: { word: last.word, id: last.user_id } }) };
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
