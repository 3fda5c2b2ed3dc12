import { randomUUID } from 'node:crypto';
import { MikroORM } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { Secret } from '@rollcall/runtime';
import { createKeyring, makeKey } from '@rollcall/runtime/sealing';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { DATABASES } from './databases.ts';
import { withKeys } from './lib/migrations.ts';
import { migrate } from './migrate.ts';

const KEYS = { encryptionKeys: new Secret(makeKey('k1')), indexKeys: new Secret(makeKey('i1')) };
const keyring = createKeyring(KEYS);
const { auth } = DATABASES;
if (!auth) throw new Error('the database of this test is gone');

describe('seal-contact', () => {
  it('seals what is there, in more than one batch, finds it again, and takes all of it back', async () => {
    await using database = await createTestDatabase('auth');
    await using client = await connect(database.ownerUrl);
    await down(database.ownerUrl);
    const ids = Array.from({ length: 2105 }, () => randomUUID());
    await client.query(
      `insert into users (tenant_id, id, state, role, email, email_key, phone, create_time, update_time)
       select 't' || n % 3, id, 'ACTIVE', 'CUSTOMER', case when n % 5 = 0 then '' else 'Guest' || n || '+x@Example.com' end,
         case when n % 5 = 0 then null else 'guest' || n || '+x@example.com' end,
         case when n % 7 = 0 then '+1 (555) ' || n else '' end, now(), now()
       from unnest($1::uuid[]) with ordinality as u (id, n)`,
      [ids],
    );
    const before = await client.query(READ_PLAIN);

    await expect(migrate(auth, new Secret(database.ownerUrl))).rejects.toThrow(
      /AUTH_ENCRYPTION_KEYS and AUTH_INDEX_KEYS are not both set: .* makes one$/,
    );
    expect(await client.query(READ_PLAIN)).toEqual(before);

    await migrate(auth, new Secret(database.ownerUrl), KEYS);
    const sealed = await client.query('select * from users');
    expect(sealed).toHaveLength(2105);
    const addresses = sealed.map((row) => {
      const place = { tenantId: row.tenant_id, table: 'users', rowId: row.id };
      if (!row.email_sealed) return [row.id, ''];
      const email = keyring.open(row.email_sealed, { ...place, column: 'email_sealed' });
      expect(row.email_key).toEqual(
        keyring.blindIndex(email.toLowerCase(), { ...place, column: 'email_key' }),
      );
      // By the migration that brings merges.
      expect(row.email_base_key).toEqual(
        keyring.blindIndex(email.toLowerCase().replace('+x', ''), { ...place, column: 'email_base_key' }),
      );
      return [row.id, email];
    });
    expect(new Map(addresses as [string, string][])).toEqual(
      new Map(before.map(({ id, email }) => [id, email])),
    );
    const withPhone = sealed.find((row) => row.phone_sealed);
    const phone = String(before.find(({ id }) => id === withPhone?.id)?.phone);
    expect(withPhone?.phone_key).toEqual(phoneIndex(phone.replace(/\D/g, ''), withPhone?.tenant_id));
    expect(JSON.stringify(sealed)).not.toMatch(/guest/i);

    await down(database.ownerUrl);
    expect(await client.query(READ_PLAIN)).toEqual(before);
    await migrate(auth, new Secret(database.ownerUrl), KEYS);
  });
});

describe('user-records', () => {
  it('takes tags out of profiles, each once and in order, and puts them back', async () => {
    await using database = await createTestDatabase('auth');
    await using client = await connect(database.ownerUrl);
    await down(database.ownerUrl, '2026-11-20-user-records');
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    await client.query(
      `insert into users (tenant_id, id, state, role, create_time, update_time)
       select 't', id, 'ACTIVE', 'CUSTOMER', now(), now() from unnest($1::uuid[]) id`,
      [ids],
    );
    const profiles = [
      { tags: ['z', 'a', 'm'], birthDate: '1815-12-10' },
      { birthDate: '1906-12-09' },
      { tags: ['only'] },
    ];
    for (const [i, profile] of profiles.entries())
      await client.query(`insert into user_profiles values ('t', $1, $2)`, [ids[i], JSON.stringify(profile)]);
    await migrate(auth, new Secret(database.ownerUrl), KEYS);
    const tags = await client.query('select user_id, tag from user_tags order by user_id, position');
    expect(ids.map((id) => tags.filter(({ user_id }) => user_id === id).map(({ tag }) => tag))).toEqual([
      ['z', 'a', 'm'],
      [],
      ['only'],
    ]);
    const kept = async () => {
      const rows = await client.query('select user_id, profile from user_profiles');
      return ids.map((id) => rows.find(({ user_id }) => user_id === id)?.profile);
    };
    expect(await kept()).toEqual([{ birthDate: '1815-12-10' }, { birthDate: '1906-12-09' }, {}]);
    await down(database.ownerUrl, '2026-11-20-user-records');
    expect(await kept()).toEqual(profiles);
  });
});

describe('phone-keys', () => {
  it('phones: finds stored numbers by their main number, in more than one batch, and takes that back', async () => {
    await using database = await createTestDatabase('auth');
    await using client = await connect(database.ownerUrl);
    await down(database.ownerUrl, '2026-12-02-phone-keys');
    const numbers = [
      ['+1 212 555 0100 x5', '121255501005', '12125550100'],
      ['+1 21255501005', '121255501005', '121255501005'],
      ['0044 20 7946 0018', '00442079460018', '442079460018'],
      ['447911123456.0', '4479111234560', '447911123456'],
      ['555-0100', '5550100', '5550100'],
      ['((((', null, null],
    ] as const;
    const rows = Array.from({ length: 1500 }, (_, n) => {
      const [phone, before, after] = numbers[n % numbers.length] as (typeof numbers)[number];
      return { id: randomUUID(), tenantId: `t${n % 2}`, phone, before, after };
    });
    await client.query(
      `insert into users (tenant_id, id, state, role, create_time, update_time, phone_sealed, phone_key)
       select r.tenant_id, r.id, 'ACTIVE', 'CUSTOMER', now(), now(), decode(r.sealed, 'hex'), decode(r.key, 'hex')
       from jsonb_to_recordset($1::jsonb) as r (tenant_id text, id uuid, sealed text, key text)`,
      [JSON.stringify(rows.map(toStoredPhone))],
    );
    const keys = async () => {
      const stored = await client.query('select id, version, phone_key from users');
      const byId = new Map(stored.map(({ id, version, phone_key }) => [id, { version, key: phone_key }]));
      return rows.map(({ id }) => byId.get(id));
    };
    const expected = (which: 'before' | 'after') =>
      rows.map((row) => ({ version: '1', key: phoneIndex(row[which], row.tenantId) }));

    expect(await keys()).toEqual(expected('before'));
    await migrate(auth, new Secret(database.ownerUrl), KEYS);
    expect(await keys()).toEqual(expected('after'));
    await down(database.ownerUrl, '2026-12-02-phone-keys');
    expect(await keys()).toEqual(expected('before'));
  });
});

describe('folded-names', () => {
  it('folded-names: finds who was written before and during it, and takes all of it back', async () => {
    await using database = await createTestDatabase('auth');
    await using client = await connect(database.ownerUrl);
    await using writer = await connect(database.ownerUrl);
    await down(database.ownerUrl, FOLDED_NAMES);
    const names = [
      ...[
        'Ada Lovelace',
        'Jo\u200bhanna WEIẞ',
        'Kaʻaʻawa O´Brien',
        '小明 李',
        'علی\u200cرضا کریمی',
        'Σοφία ΠΑΠΆΣ',
      ],
      ...['\u200b Silva', 'ﾀﾅｶ 佐々木', 'Łukasz Müller', 'Weiss Weiß'],
    ];
    await writer.query(INSERT_NAMES, [names]);
    const before = await client.query(READ_WORDS);
    const sortNames = 'select first_name, sort_name from users order by 1, 2';
    const sortedBefore = await client.query(sortNames);

    await writer.query('begin');
    await writer.query(INSERT_NAMES, [['Hans WEIẞ', 'Grace Hopper']]);
    const migrated = migrate(auth, new Secret(database.ownerUrl), KEYS);
    await expect
      .poll(() => client.query(`select 1 from pg_locks where relation = 'users'::regclass and not granted`))
      .toHaveLength(1);
    await writer.query('commit');
    await migrated;

    const words = await client.query(READ_WORDS);
    expect(words).toEqual(await client.query(WORDS_BY_NAMES));
    expect(words.map(({ word }) => word)).toEqual(
      expect.arrayContaining([
        'johanna',
        'weiss',
        'kaaawa',
        'obrien',
        'عليرضا',
        'σοφια',
        'παπασ',
        'たなか',
        '佐々木',
      ]),
    );
    expect(await client.query(STRAY_WORDS)).toEqual([]);
    expect(await client.query(`select 1 from name_parts where part = '明' and word = '小明'`)).toHaveLength(
      1,
    );
    expect(await client.query(`select last_name from users where first_name = ''`)).toEqual([
      { last_name: 'Silva' },
    ]);
    const sorted = await client.query(`select 1 from users
      where sort_name <> left(search_text(coalesce(nullif(display_name, ''), btrim(first_name || ' ' || last_name))), 100)`);
    expect(sorted).toEqual([]);

    await client.query(`delete from users where first_name in ('Hans', 'Grace')`);
    await client.query(`update users set first_name = e'\\u200b' where first_name = ''`);
    await down(database.ownerUrl, FOLDED_NAMES);
    expect(await client.query(READ_WORDS)).toEqual(before);
    expect(await client.query(sortNames)).toEqual(sortedBefore);
    expect(await client.query(STRAY_WORDS)).toEqual([]);
    await migrate(auth, new Secret(database.ownerUrl), KEYS);
  });
});

describe('more-folded-letters', () => {
  it('folded-names: finds who was written before it, and takes all of it back', async () => {
    await using database = await createTestDatabase('auth');
    await using client = await connect(database.ownerUrl);
    const name = '2026-12-02-more-folded-letters';
    await down(database.ownerUrl, name);
    const names = ['ज़ाकिर ख़ान', 'മോഹൻ ലാൽ', 'Sahaiʔa O΄Brien', 'װאַסערמאַן Ⱥda', 'Ada Lovelace', 'Søren WEIẞ'];
    await client.query(INSERT_NAMES, [names]);
    const before = await client.query(READ_WORDS);
    await migrate(auth, new Secret(database.ownerUrl), KEYS);
    const words = await client.query(READ_WORDS);
    expect(words).toEqual(await client.query(WORDS_BY_NAMES));
    expect(words.map(({ word }) => word)).toEqual(
      expect.arrayContaining([
        'जाकिर',
        'खान',
        'മോഹന്'.normalize('NFKD'),
        'sahaia',
        'obrien',
        'וואסערמאן',
        'ada',
        'soren',
      ]),
    );
    expect(await client.query(STRAY_WORDS)).toEqual([]);
    await down(database.ownerUrl, name);
    expect(await client.query(READ_WORDS)).toEqual(before);
    expect(await client.query(STRAY_WORDS)).toEqual([]);
  });
});

const FOLDED_NAMES = '2026-12-02-folded-names';

const INSERT_NAMES = `insert into users (tenant_id, id, state, role, first_name, last_name, create_time, update_time)
  select 't', gen_random_uuid(), 'ACTIVE', 'CUSTOMER', split_part(name, ' ', 1), split_part(name, ' ', 2), now(), now()
  from unnest($1::text[]) name`;

const READ_WORDS = 'select user_id, word, entry from user_words order by 1, 2';

const WORDS_BY_NAMES = `select id as user_id, split_part(item, ':', 1) collate "C" as word, entry
  from users, search_entry(first_name, last_name, display_name, business_name) entry, string_to_table(entry, ' ') item
  order by 1, 2`;

const STRAY_WORDS = `(select word from user_words except select word from name_parts where kind = 0 and part = word)
  union all (select word from name_parts except select word from user_words)`;

describe('last-moments', () => {
  it('end-of-time: cuts moments that were rounded up into the year 10000, and no others', async () => {
    await using database = await createTestDatabase('auth');
    await using client = await connect(database.ownerUrl);
    await down(database.ownerUrl, '2026-12-02-last-moments');
    const ids = [randomUUID(), randomUUID()];
    await client.query(
      `insert into users (tenant_id, id, state, role, create_time, update_time, last_activity_time)
       select 't', id, 'ACTIVE', 'CUSTOMER', now(), now(), case n when 1 then timestamptz '10000-01-01 00:00:00+00' end
       from unnest($1::uuid[]) with ordinality as u (id, n)`,
      [ids],
    );
    await client.query(
      `insert into user_statistics (tenant_id, user_id, source, revision, total_bookings, total_spent,
         first_booking_time, last_activity_time, average_rating, total_reviews)
       select 't', id, 'test', 1, 0, '[]', '2026-01-01 00:00:00+00', '10000-01-01 00:00:00+00', 0, 0
       from unnest($1::uuid[]) id`,
      [ids],
    );
    await migrate(auth, new Secret(database.ownerUrl), KEYS);
    const LAST = '9999-12-31 23:59:59.999+00';
    const users = await client.query(
      `select last_activity_time = timestamptz '${LAST}' as cut from users order by id = $1 desc`,
      [ids[0]],
    );
    expect(users).toEqual([{ cut: true }, { cut: null }]);
    const statistics = await client.query(
      `select last_activity_time = timestamptz '${LAST}' as cut, first_booking_time = '2026-01-01 00:00:00+00' as kept,
         last_booking_time from user_statistics`,
    );
    expect(statistics).toEqual(Array(2).fill({ cut: true, kept: true, last_booking_time: null }));
  });
});

/** A row as the code before the main numbers stored it. */
function toStoredPhone({ id, tenantId, phone, before }: StoredPhone) {
  const place = { tenantId, table: 'users', column: 'phone_sealed', rowId: id };
  const sealed = keyring.seal(phone, place).toString('hex');
  return { id, tenant_id: tenantId, sealed, key: phoneIndex(before, tenantId)?.toString('hex') ?? null };
}

interface StoredPhone {
  readonly id: string;
  readonly tenantId: string;
  readonly phone: string;
  readonly before: string | null;
}

function phoneIndex(key: string | null, tenantId: string): Buffer | null {
  return key === null ? null : keyring.blindIndex(key, { tenantId, table: 'users', column: 'phone_key' });
}

const READ_PLAIN = 'select tenant_id, id, email, email_key, phone, version from users order by tenant_id, id';

/** Takes a migration back, and all behind it. */
async function down(url: string, name = '2026-11-20-seal-contact'): Promise<void> {
  const orm = new MikroORM({
    driver: PostgreSqlDriver,
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: { migrationsList: withKeys(auth?.migrations ?? [], () => keyring), snapshot: false },
  });
  try {
    const executed = (await orm.migrator.getExecuted()).map(({ name }) => name);
    const from = executed.indexOf(name);
    for (const name of executed.slice(from).reverse()) await orm.migrator.down({ migrations: [name] });
  } finally {
    await orm.close(true);
  }
}

async function connect(url: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    query: async (text: string, values: unknown[] = []) => (await client.query(text, values)).rows,
    [Symbol.asyncDispose]: () => client.end(),
  };
}
