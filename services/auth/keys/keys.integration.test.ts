import { expectRefusal, freshTenant } from '@rollcall/contract/testing';
import { UserView } from '@rollcall/contract/user';
import { Secret, StartupError } from '@rollcall/runtime';
import { createKeyring, makeKey } from '@rollcall/runtime/sealing';
import { describe, expect, it } from 'vitest';
import { createContactSeal } from '../postgres/rows/contact-seal.ts';
import { sealedTables, UNAFFECTED_COLUMNS } from '../postgres/sealing/sealed-tables.ts';
import { openDatabase } from '../testing/open-database.ts';
import { type Keys, NEW, NEW_INDEX, OLD, OLD_INDEX, startAuth } from '../testing/start-auth.ts';

const KEYRING = createKeyring({ encryptionKeys: new Secret(OLD), indexKeys: new Secret(OLD_INDEX) });

const BEFORE: Keys = { encryption: OLD, index: OLD_INDEX };
const KNOWN: Keys = { encryption: `${OLD},${NEW}`, index: `${OLD_INDEX},${NEW_INDEX}` };
const FIRST: Keys = { encryption: `${NEW},${OLD}`, index: `${NEW_INDEX},${OLD_INDEX}` };
const AFTER: Keys = { encryption: NEW, index: NEW_INDEX };

const finished = (auth: { metrics(): Promise<string> }) =>
  expect
    .poll(auth.metrics, { timeout: 30_000 })
    .toMatch(/^rollcall_key_rotation_finished\{service="auth"\} 1$/m);

describe('contact data in the database', () => {
  it('cannot be read, is found by its blind index, and is not found in another tenant', async () => {
    await using database = await openDatabase();
    await using auth = await startAuth({ databaseUrl: database.url, keys: BEFORE });
    const [tenantId, other] = [freshTenant(), freshTenant()];
    const contact = { email: 'Ada@Example.com', phone: '+44 (20) 7946-0000' };
    for (const each of [tenantId, other]) await auth.admin.createUser({ tenantId: each, user: contact });
    const rows = await database.query('select u::text as row, email_key, phone_key from users u');
    expect(rows).toHaveLength(2);
    for (const { row } of rows) {
      for (const word of [/ada@/i, /7946-/, Buffer.from('Ada@').toString('hex')])
        expect(row).not.toMatch(word);
    }
    expect(rows[0]?.email_key).not.toEqual(rows[1]?.email_key);
    expect(rows[0]?.phone_key).toHaveLength(32);
    const { outcomes } = await auth.users.resolveUsers({
      tenantId,
      keys: [{ key: { case: 'email', value: ' ada@EXAMPLE.com' } }],
      view: UserView.BASIC,
    });
    expect(outcomes[0]?.outcome.value).toMatchObject({ tenantId, ...contact });
  });

  it('phones: is found as earlier versions stored it, by all digits, and not as the number that has these digits', async () => {
    await using database = await openDatabase();
    await using auth = await startAuth({ databaseUrl: database.url, keys: BEFORE });
    const tenantId = freshTenant();
    const make = async (phone: string) =>
      (await auth.admin.createUser({ tenantId, user: { phone } })).user?.id ?? '';
    const old = await make('+1 212 555 0100 x5');
    const longer = await make('+1 21255501005');
    const oldKey = KEYRING.blindIndex('121255501005', { tenantId, table: 'users', column: 'phone_key' });
    await database.query('update users set phone_key = $2 where id = $1', [old, oldKey]);
    const found = async (query: string) =>
      (await auth.admin.searchUsers({ tenantId, query })).matches.map(({ user }) => user?.id);
    expect(await found('+1 212 555 0100 x5')).toEqual([old]);
    expect(await found('+1 21255501005')).toEqual([longer]);
  });

  it('is refused in the row of another user, and the refusal does not contain the address', async () => {
    await using database = await openDatabase();
    await using auth = await startAuth({ databaseUrl: database.url, keys: BEFORE });
    const tenantId = freshTenant();
    const made = [];
    for (const email of ['ada@example.com', 'grace@example.com']) {
      made.push((await auth.admin.createUser({ tenantId, user: { email } })).user?.id);
    }
    await database.query(
      'update users set email_sealed = (select email_sealed from users where id = $1) where id = $2',
      made,
    );
    const stolen = auth.users.getUser({ tenantId, id: made[1] ?? '', view: UserView.BASIC });
    const error = await stolen.catch((reason: unknown) => reason);
    expect(String(error)).not.toContain('ada@');
    await expectRefusal(stolen, { code: 'Internal', reason: 'INTERNAL' });
    const reference = await auth.users.getUser({ tenantId, id: made[1] ?? '' });
    expect(reference.user?.email).toBe('');
  });

  it('keeps a service with other keys from starting, with an error that names the cure', async () => {
    await using database = await openDatabase();
    {
      await using auth = await startAuth({ databaseUrl: database.url, keys: BEFORE });
      await auth.admin.createUser({ tenantId: freshTenant(), user: { email: 'ada@example.com' } });
    }
    const fault = async (keys: Keys) => {
      const error = await startAuth({ databaseUrl: database.url, keys }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StartupError);
      return (error as Error).message;
    };
    expect(await fault({ ...BEFORE, encryption: NEW })).toMatch(/AUTH_ENCRYPTION_KEYS .* key "k1": add/);
    expect(await fault({ ...BEFORE, encryption: makeKey('k1') })).toMatch(/AUTH_ENCRYPTION_KEYS .* correct/);
    expect(await fault({ ...BEFORE, index: NEW_INDEX })).toMatch(/AUTH_INDEX_KEYS .* add/);
  });
});

describe('keys that are changed', () => {
  it('lose no write and let no address be taken twice, whichever key a process puts first', {
    timeout: 90_000,
  }, async () => {
    await using database = await openDatabase();
    const tenantId = freshTenant();
    const ids: string[] = [];
    {
      await using auth = await startAuth({ databaseUrl: database.url, keys: BEFORE });
      for (let n = 0; n < 260; n++) {
        const user = { email: `guest${n}@example.com`, phone: `+1 555 ${n}` };
        ids.push((await auth.admin.createUser({ tenantId, user })).user?.id ?? '');
      }
    }
    await using known = await startAuth({ databaseUrl: database.url, keys: KNOWN });
    await using first = await startAuth({ databaseUrl: database.url, keys: FIRST });
    const written = new Map<number, string>();
    // Both processes write while rows are sealed with the new key: changes, races for one address, reads.
    const change = async (n: number) => {
      const email = `moved${n}@example.com`;
      const admin = n % 2 ? known.admin : first.admin;
      await admin.updateUser({
        tenantId,
        user: { id: ids[n] ?? '', email },
        updateMask: { paths: ['email'] },
      });
      written.set(n, email);
    };
    const race = async (n: number) => {
      const user = { email: `raced${n}@example.com` };
      const all = [known, first, known, first].map(({ admin }) => admin.createUser({ tenantId, user }));
      return (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled').length;
    };
    const take = (n: number) =>
      Promise.allSettled(
        [known, first].map(({ admin }) =>
          admin.createUser({ tenantId, user: { email: `Guest${n + 100}@example.com` } }),
        ),
      );
    for (let n = 0; n < 40; n++) {
      const [, winners, taken] = await Promise.all([change(n), race(n), take(n)]);
      expect(winners).toBe(1);
      expect(taken.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    }
    await known[Symbol.asyncDispose]();
    await finished(first);
    await first[Symbol.asyncDispose]();

    await using after = await startAuth({ databaseUrl: database.url, keys: AFTER });
    const emails = ids.map((_, n) => written.get(n) ?? `guest${n}@example.com`);
    const { outcomes } = await after.users.resolveUsers({
      tenantId,
      keys: emails.map((value) => ({ key: { case: 'email', value } })),
      view: UserView.BASIC,
    });
    expect(
      outcomes.map(({ outcome }) => outcome.case === 'user' && [outcome.value.id, outcome.value.email]),
    ).toEqual(ids.map((id, n) => [id, emails[n]]));
    // Nothing visible changed except the addresses.
    expect(
      await database.query(`select count(*)::int as count from users where tenant_id = $1 and version > 2`, [
        tenantId,
      ]),
    ).toEqual([{ count: 0 }]);
    await expectRefusal(after.admin.createUser({ tenantId, user: { email: 'raced0@example.com' } }), {
      code: 'AlreadyExists',
      reason: 'EMAIL_TAKEN',
    });
  });

  it('go on where a process that ended left them', async () => {
    await using database = await openDatabase();
    const tenantId = freshTenant();
    {
      await using auth = await startAuth({ databaseUrl: database.url, keys: BEFORE });
      for (let n = 0; n < 5; n++)
        await auth.admin.createUser({ tenantId, user: { email: `g${n}@example.com` } });
    }
    const [third] = await database.query('select id from users order by id offset 2 limit 1');
    await database.query(`insert into key_rotations values ('users', 'k2', 'i2', $1, 3, null)`, [
      [tenantId, third?.id],
    ]);
    await using auth = await startAuth({ databaseUrl: database.url, keys: FIRST });
    await finished(auth);
    // The first pass began after the third; the next one had them all. The sixth is the key that signs
    // tokens.
    expect(await auth.metrics()).toMatch(/^rollcall_key_rotation_resealed_total\{service="auth"\} 6$/m);
  });

  it('reach every column with sealed values or blind indexes', async () => {
    await using database = await openDatabase();
    const columns = await database.query(
      `select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = 'public' and data_type = 'bytea' order by 1`,
    );
    const rotated = sealedTables(createContactSeal(KEYRING)).flatMap(({ table, columns: made }) =>
      made.map((column) => `${table}.${column}`),
    );
    const known = [...rotated, ...Object.keys(UNAFFECTED_COLUMNS)];
    expect(columns.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
  });
});
