import { randomUUID } from 'node:crypto';
import { wordsOf } from '@rollcall/contract/text';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createKeyring } from '@rollcall/runtime/sealing';
import { createTestDatabase, TEST_KEYS } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bestWord, wordsOfEntry } from '../../users/searching/search-score.ts';
import { type SearchPosition, searchUsers } from '../../users/searching/search-users.ts';
import type { UserSearch } from '../../users/searching/user-search.ts';
import { createContactSeal } from '../rows/contact-seal.ts';
import { createPostgresUserSearch } from './postgres-user-search.ts';

const stack = new AsyncDisposableStack();
let pool: Pool;
let search: UserSearch;
let tenantId: string;

beforeAll(async () => {
  const { url } = stack.use(await createTestDatabase('auth'));
  const logger = createLogger({ service: 'test', level: 'silent' });
  const options = { url: new Secret(url), maxConnections: 8, statementTimeoutMs: 30_000, logger };
  pool = stack.adopt(createPool(options), (each) => each.end());
  const keyring = createKeyring({
    encryptionKeys: new Secret(TEST_KEYS.AUTH_ENCRYPTION_KEYS),
    indexKeys: new Secret(TEST_KEYS.AUTH_INDEX_KEYS),
  });
  search = createPostgresUserSearch(pool, createContactSeal(keyring));
});
afterAll(() => stack.disposeAsync());
beforeEach(() => {
  tenantId = `t-${randomUUID()}`;
});

async function insert(names: readonly string[]): Promise<string[]> {
  const ids = names.map(() => randomUUID());
  await pool.query(
    `insert into users (tenant_id, id, state, role, first_name, last_name, create_time, update_time)
     select $1, id, 'ACTIVE', 'CUSTOMER', split_part(name, ' ', 1), split_part(name, ' ', 2), now(), now()
     from unnest($2::uuid[], $3::text[]) given (id, name)`,
    [tenantId, ids, names],
  );
  return ids;
}

async function findAll(query: string, limit: number) {
  const found: { id: string; points: number }[] = [];
  let position: SearchPosition | undefined;
  let pages = 0;
  do {
    const page = await searchUsers(search, {
      query,
      view: 'REFERENCE',
      filter: { tenantId, states: ['ACTIVE'], roles: [], tags: [] },
      limit,
      ...(position && { position }),
    });
    found.push(...page.found.map(({ user, points }) => ({ id: user.id, points })));
    position = page.next;
    pages++;
  } while (position);
  return { found, pages };
}

/** Words that are in one of the tables and not in the other. */
async function strays(): Promise<string[]> {
  const { rows } = await pool.query<{ word: string }>(
    `(select distinct word from user_words where tenant_id = $1)
     except select word from name_parts where tenant_id = $1 and kind = 0 and part = word
     union all
     (select distinct word from name_parts where tenant_id = $1 except select word from user_words where tenant_id = $1)`,
    [tenantId],
  );
  return rows.map(({ word }) => word);
}

function isOneOfMany(character: string): boolean {
  return /[\p{Unified_Ideograph}\p{sc=Tang}\p{Co}\uac00-\ud7a3]/u.test(character);
}

describe('search', () => {
  it('finds the users that a full scan finds, each once, in order of points, in pages of any size', async () => {
    const syllables = ['an', 'na', 'mar', 'ia', 'sil', 'va', 'so', 'ra'];
    const name = (n: number, length: number) =>
      Array.from({ length }, (_, i) => syllables[Math.floor(n / 8 ** i) % 8]).join('');
    const names = Array.from(
      { length: 600 },
      (_, n) => `${name(n, 1 + (n % 3))} ${name(n * 31 + 7, 2 + (n % 2))}`,
    );
    const ids = await insert(names);
    const entries = await pool.query<{ id: string; entry: string }>(
      `select id, search_entry(first_name, last_name, '', '') as entry from users where tenant_id = $1`,
      [tenantId],
    );
    for (const query of ['an', 'a', 'ana', 'maria', 'marai', 'ia s', 'na an', 'silva mar', 'sora sosa va']) {
      const terms = query.split(' ');
      const expected = entries.rows.flatMap(({ id, entry }) => {
        const best = terms.map((term) => bestWord(term, wordsOfEntry(entry))?.points ?? 0);
        const points = Math.round(best.reduce((sum, each) => sum + each, 0) / terms.length);
        return best.includes(0) ? [] : [{ id, points }];
      });
      for (const limit of [7, 1000]) {
        const { found } = await findAll(query, limit);
        expect([query, found.map(({ id }) => id).sort()]).toEqual([
          query,
          expected.map(({ id }) => id).sort(),
        ]);
        const pointsById = new Map(expected.map(({ id, points }) => [id, points]));
        expect(found.map(({ id }) => pointsById.get(id))).toEqual(found.map(({ points }) => points));
        expect(found.map(({ points }) => points)).toEqual(
          found.map(({ points }) => points).sort((a, b) => b - a),
        );
      }
    }
    expect(ids).toHaveLength(600);
  });

  it('continues over several pages when a filter passes few users', async () => {
    const ids = await insert(Array.from({ length: 5000 }, () => 'Ana Silva'));
    await pool.query(`update users set role = 'ADMIN' where tenant_id = $1 and id = $2`, [
      tenantId,
      ids.sort()[4999],
    ]);
    let position: SearchPosition | undefined;
    const found: string[] = [];
    let pages = 0;
    do {
      const filter = { tenantId, states: ['ACTIVE' as const], roles: ['ADMIN' as const], tags: [] };
      const command = { query: 'ana', view: 'REFERENCE' as const, filter, limit: 5 };
      const page = await searchUsers(search, { ...command, ...(position && { position }) });
      found.push(...page.found.map(({ user }) => user.id));
      position = page.next;
      pages++;
    } while (position);
    expect(found).toEqual([ids.sort()[4999]]);
    expect(pages).toBeGreaterThan(1);
  });
});

describe('the words of names', () => {
  it('follow every change of a name, and disappear with their last user', async () => {
    const [ada, grace] = await insert(['Ada Lovelace', 'Grace Lovelace']);
    const rename = (id: string | undefined, last: string) =>
      pool.query('update users set last_name = $3 where tenant_id = $1 and id = $2', [tenantId, id, last]);
    await rename(ada, 'King');
    expect((await findAll('lovelace', 10)).found.map(({ id }) => id)).toEqual([grace]);
    await rename(grace, '');
    expect((await findAll('lovelace', 10)).found).toEqual([]);
    const left = await pool.query(`select 1 from name_parts where tenant_id = $1 and word = 'lovelace'`, [
      tenantId,
    ]);
    expect([left.rowCount, await strays()]).toEqual([0, []]);
    await pool.query('delete from users where tenant_id = $1', [tenantId]);
    const all = await pool.query(
      'select word from name_parts where tenant_id = $1 union all select word from user_words where tenant_id = $1',
      [tenantId],
    );
    expect(all.rowCount).toBe(0);
  });

  it('exist while a user has them, under concurrent changes', async () => {
    const names = ['Ana', 'Rui', 'Eva'];
    const ids = await insert(names.map((first) => `${first} Silva`));
    const writer = async (seed: number) => {
      for (let i = 0; i < 40; i++) {
        const name = names[(seed + i) % 3] as string;
        const id = ids[(seed * 7 + i) % 3];
        await pool.query('update users set first_name = $3 where tenant_id = $1 and id = $2', [
          tenantId,
          id,
          name,
        ]);
        await pool.query('update users set last_name = $3 where tenant_id = $1 and id = $2', [
          tenantId,
          id,
          (seed + i) % 2 ? 'Silva' : '',
        ]);
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, seed) => writer(seed)));
    const missing = await pool.query(
      `select distinct word from user_words where tenant_id = $1
       except select word from name_parts where tenant_id = $1 and kind = 0 and part = word`,
      [tenantId],
    );
    expect(missing.rows).toEqual([]);
    for (const id of ids) {
      const { rows } = await pool.query<{ first_name: string }>(
        'select first_name from users where tenant_id = $1 and id = $2',
        [tenantId, id],
      );
      const { found } = await findAll(String(rows[0]?.first_name), 10);
      expect(found.map((each) => each.id)).toContain(id);
    }
  });

  it('folded-names: are folded by the database as by the contract, every character in every position of a word', async () => {
    // Characters that the database's Unicode version does not know are skipped.
    const { rows: known } = await pool.query<{ code: number }>(
      `select code from generate_series(1, 1114111) code
       where code not between 55296 and 57343 and unicode_assigned(chr(code))`,
    );
    // One in 50 of the many similar ideographs and Korean syllables is enough.
    const some = known.filter(({ code }, i) => i % 50 === 0 || !isOneOfMany(String.fromCodePoint(code)));
    const texts = some.map(({ code }) => {
      const character = String.fromCodePoint(code);
      return `x${character} ${character}y a${character}${character}b`;
    });
    const differing: [string, string[], string[]][] = [];
    for (let at = 0; at < texts.length; at += 20_000) {
      const { rows } = await pool.query<{ given: string; folded: string }>(
        'select given, search_text(given) as folded from unnest($1::text[]) given',
        [texts.slice(at, at + 20_000)],
      );
      for (const { given, folded } of rows) {
        const words = folded.split(' ').filter((word) => word !== '');
        if (words.join(' ') !== wordsOf(given).join(' ')) differing.push([given, words, wordsOf(given)]);
      }
    }
    expect(texts.length).toBeGreaterThan(30_000);
    expect(differing).toEqual([]);
  });

  it('are folded alike in every locale of the database', async () => {
    const folded = async (text: string) =>
      (await pool.query<{ folded: string }>('select search_text($1) as folded', [text])).rows[0]?.folded;
    expect(await folded("O'Brien-Müller")).toBe('obrien muller');
    expect(await folded('ŁUKASZ Voß Ærø İstanbul')).toBe('lukasz voss aero istanbul');
    expect(await folded('ΕΛΛΆΣ ИВАН ЙОГУРТ Ճուտ')).toBe('ελλασ иван иогурт ճուտ');
    expect(await folded('ＦＵＬＬ　ｗｉｄｔｈ')).toBe('full width');
    expect(await folded('50%_\\ #1')).toBe('50%_\\ #1');
  });
});
