import { expectRefusal, freshTenant } from '@rollcall/contract/testing';
import { UserView } from '@rollcall/contract/user';
import { createTestDatabase, query } from '@rollcall/runtime/testing';
import { describe, expect, it } from 'vitest';
import { ERASED_TABLES, KEPT_TABLES } from '../postgres/users/erasures.ts';
import { startAuth, type TestAuth } from '../testing/start-auth.ts';

const NAME = 'Zephyrine';
const EMAIL = 'zephyrine.quux@example.com';
const PHONE = '+44 20 7946 0987';
const WORDS = [/zephyrine/i, /quux/i, /7946 ?0987/, /Threadneedle/, /1815-12-10/, /zq-legacy/];

describe('EraseUser', () => {
  it('leaves no trace of the person in any table or in the log, and others as they were', async () => {
    await using database = await createTestDatabase('auth');
    await using auth = await startLoggingAuth(database.url);
    const { admin, users } = auth;
    const tenantId = freshTenant();
    const other = (await admin.createUser({ tenantId, user: { firstName: 'Grace', email: 'g@example.com' } }))
      .user;
    const id = await seedEverything(auth, tenantId);
    // Refusals and repeated calls are how an address could get into logs.
    await admin.createUser({ tenantId, user: { email: EMAIL } }).catch(() => undefined);
    await users.resolveUsers({ tenantId, keys: [{ key: { case: 'email', value: EMAIL } }] });

    const before = await dump(database.url);
    for (const word of WORDS) expect(before).toMatch(word);
    const sealed = await hexOf(database.url, id);
    expect(sealed.every((hex) => before.includes(hex))).toBe(true);

    await admin.eraseUser({ tenantId, id });
    const after = await dump(database.url);
    for (const word of WORDS) expect(after).not.toMatch(word);
    for (const hex of sealed) expect(after).not.toContain(hex);
    expect(after).toContain(id);
    const read = await users.getUser({ tenantId, id: other?.id ?? '', view: UserView.FULL });
    expect(read.user).toEqual(other);
    const { user } = await users.getUser({ tenantId, id, view: UserView.FULL });
    expect(
      JSON.stringify(user, (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
    ).not.toMatch(/zephyrine|quux|7946 ?0987/i);

    const log = await auth.end();
    expect(log).toContain('"grpcPort"');
    for (const word of WORDS) expect(log).not.toMatch(word);
  });

  it('knows every table with data of users', async () => {
    await using database = await createTestDatabase('auth');
    const tables = await query(
      database.url,
      `select table_name as name from information_schema.columns
       where table_schema = 'public' and column_name in ('user_id', 'survivor_id', 'loser_id') group by table_name`,
    );
    const known = [...ERASED_TABLES, ...Object.keys(KEPT_TABLES)];
    expect(tables.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
  });

  it('erased-elsewhere: shows which service has reported each erasure, and when', async () => {
    await using database = await createTestDatabase('auth');
    await using auth = await startLoggingAuth(database.url);
    const { admin } = auth;
    const tenantId = freshTenant();
    const make = async () => (await admin.createUser({ tenantId, user: { firstName: NAME } })).user?.id ?? '';
    const ids = [await make(), await make(), await make()];
    const name = { tenantId, id: ids[0] ?? '' };
    const notErased = { code: 'NotFound', reason: 'ERASURE_NOT_FOUND' } as const;
    await expectRefusal(admin.getErasure(name), notErased);
    await expectRefusal(admin.reportErasure({ ...name, consumer: 'booking' }), notErased);
    for (const id of ids) await admin.eraseUser({ tenantId, id });

    const awaited = ['booking', 'vendor', 'billing'];
    expect((await admin.getErasure(name)).erasure).toMatchObject({
      ...name,
      reports: [],
      awaitedConsumers: awaited,
    });
    const report = { ...name, id: name.id.toUpperCase(), consumer: 'vendor' };
    const { erasure: first } = await admin.reportErasure({ ...report, remaining: 'one object' });
    expect(first).toMatchObject({
      reports: [{ consumer: 'vendor', remaining: 'one object' }],
      awaitedConsumers: ['booking', 'billing'],
    });
    const { erasure: second } = await admin.reportErasure(report);
    expect(second?.reports).toMatchObject([{ consumer: 'vendor', remaining: '' }]);
    expect(second?.reports[0]?.reportTime).toEqual(first?.reports[0]?.reportTime);

    const listed: string[] = [];
    for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
      const page = await admin.listErasures({ pageSize: 2, pageToken });
      listed.push(...page.erasures.map(({ id }) => id));
      pageToken = page.nextPageToken || undefined;
    }
    expect(listed).toEqual(ids);
    const pending = await admin.listErasures({ tenantId, awaitedFrom: 'vendor' });
    expect(pending.erasures.map(({ id }) => id)).toEqual(ids.slice(1));
    expect((await admin.listErasures({ tenantId: freshTenant() })).erasures).toEqual([]);
    const erasedBefore = { seconds: 1_700_000_000n, nanos: 0 };
    expect((await admin.listErasures({ tenantId, erasedBefore })).erasures).toEqual([]);
  });

  it('lets no write reach a user that is being erased', async () => {
    await using database = await createTestDatabase('auth');
    await using auth = await startLoggingAuth(database.url);
    const { admin } = auth;
    const tenantId = freshTenant();
    for (let n = 0; n < 5; n++) {
      const id = (await admin.createUser({ tenantId, user: { firstName: NAME } })).user?.id ?? '';
      const time = { seconds: 1n, nanos: 0 };
      const activity = { kind: 'a', source: 'b', summary: NAME, time };
      await Promise.allSettled([
        admin.createNote({ tenantId, id, text: NAME }),
        admin.recordActivity({ tenantId, id, activity }),
        admin.updateUser({ tenantId, user: { id, lastName: NAME }, updateMask: { paths: ['last_name'] } }),
        admin.eraseUser({ tenantId, id }),
        admin.createNote({ tenantId, id, text: NAME }),
        admin.modifyTags({ tenantId, id, add: [NAME] }),
        admin.updateUser({ tenantId, user: { id, email: EMAIL }, updateMask: { paths: ['email'] } }),
        admin.linkExternalId({ tenantId, id, externalId: { source: 'legacy', externalId: NAME } }),
      ]);
    }
    expect(await dump(database.url)).not.toMatch(/zephyrine/i);
  });
});

type Admin = TestAuth;

async function seedEverything({ admin }: Admin, tenantId: string): Promise<string> {
  const { user } = await admin.createUser({
    tenantId,
    requestId: '6f1c1a52-7d0e-4f9e-9a53-5d3f7a1f0001',
    user: {
      ...{ firstName: NAME, lastName: 'Quux', displayName: `${NAME} Q`, email: EMAIL, phone: PHONE },
      ...{ businessName: `${NAME} & Co`, profileImage: 'https://images.example.com/zephyrine.jpg' },
      profile: {
        ...{ birthDate: '1815-12-10', tags: [`friend of ${NAME}`], crmFields: { mail: EMAIL } },
        address: { lines: ['1 Threadneedle Street'] },
        loyalty: { memberNumber: `${NAME}-1` },
      },
    },
  });
  const id = user?.id ?? '';
  const time = { seconds: 1_700_000_000n, nanos: 0 };
  await admin.createNote({ tenantId, id, text: `Wrote from ${EMAIL}`, author: NAME });
  const attributes = { contact: { phone: PHONE } };
  const activity = { kind: 'call', source: 'booking', summary: `${NAME} called`, time, attributes };
  await admin.recordActivity({ tenantId, id, activity });
  await admin.recordStatistics({
    tenantId,
    id,
    source: 'zephyrine',
    totalBookings: 3n,
    lastActivityTime: time,
  });
  const externalId = { source: 'legacy', externalId: `zq-legacy ${EMAIL}` };
  await admin.linkExternalId({ tenantId, id, externalId });
  return id;
}

/** Everything in the tables as text, as in a dump. Bytes are hexadecimal, and decoded beside it. */
async function dump(url: string): Promise<string> {
  const tables = await query(
    url,
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    for (const { row } of await query(url, `select t::text as row from "${name}" t`)) {
      const bytes = [...String(row).matchAll(/\\x([0-9a-f]+)/g)].map(([, hex]) =>
        Buffer.from(hex ?? '', 'hex').toString('latin1'),
      );
      texts.push(`${name} ${row}`, ...bytes);
    }
  }
  return texts.join('\n');
}

/** The sealed values, blind indexes and write fingerprints of a user, hexadecimal. */
async function hexOf(url: string, id: string): Promise<string[]> {
  const [row] = await query(
    url,
    `select email_sealed, email_key, phone_sealed, phone_key,
       (select fingerprint from write_requests w where w.user_id = u.id limit 1) as fingerprint
     from users u where id = '${id}'`,
  );
  return Object.values(row ?? {}).map((bytes) => (bytes as Buffer).toString('hex'));
}

/** Starts the service as a process, so that the test can read all of its log. */
function startLoggingAuth(databaseUrl: string) {
  return startAuth({ databaseUrl, env: { LOG_LEVEL: 'debug' }, asProcess: true });
}
