import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Secret } from '@rollcall/runtime';
import { createKeyring } from '@rollcall/runtime/sealing';
import { createTestDatabase, runMain, TEST_KEYS } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedUser } from './seed-user.ts';
import { writeSeedUsers } from './write-seed-users.ts';

const keyring = createKeyring({
  encryptionKeys: new Secret(TEST_KEYS.AUTH_ENCRYPTION_KEYS),
  indexKeys: new Secret(TEST_KEYS.AUTH_INDEX_KEYS),
});
const stack = new AsyncDisposableStack();
let databaseUrl: string;
let client: Client;

beforeAll(async () => {
  databaseUrl = stack.use(await createTestDatabase('auth')).url;
  client = new Client({ connectionString: databaseUrl });
  await client.connect();
  stack.defer(() => client.end());
});
afterAll(() => stack.disposeAsync());

async function count(table: string, tenantId: string): Promise<number> {
  const { rows } = await client.query(`select count(*)::integer as n from ${table} where tenant_id = $1`, [
    tenantId,
  ]);
  return rows[0].n;
}

describe('a crowd', () => {
  it('B12: is written whole although the database ends every connection meanwhile', {
    timeout: 120_000,
  }, async () => {
    const tenantId = 'cut-off';
    const waits: string[] = [];
    let hasCut = false;
    const writing = writeSeedUsers({
      ...{ databaseUrl, keyring, tenantId, users: 30_000 },
      onWait: (reason) => waits.push(reason),
    });
    const cut = async () => {
      while (!hasCut) {
        // In the middle of a batch, and the one that holds the tenant.
        const { rows } = await client.query(
          `select pg_terminate_backend(pid) as ended from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid()
             and exists (select from pg_stat_activity where datname = current_database() and query like 'copy users%')`,
        );
        hasCut = rows.length > 0;
        await sleep(5);
      }
    };
    const [done] = await Promise.all([writing, cut()]);
    expect(done).toEqual({ written: 30_000, found: 0 });
    expect(waits).toEqual([expect.stringContaining('terminat')]);
    expect(await count('users', tenantId)).toBe(30_000);
  });

  it('is written whole, with what the feed tells, sealed as the service seals', async () => {
    const tenantId = 'whole';
    const seen: number[] = [];
    const done = await writeSeedUsers({
      databaseUrl,
      keyring,
      tenantId,
      users: 300,
      onProgress: (n) => seen.push(n),
    });
    expect([done, seen.at(-1)]).toEqual([{ written: 300, found: 0 }, 300]);
    expect([await count('users', tenantId), await count('user_changes', tenantId)]).toEqual([300, 300]);
    const { id, email } = seedUser(42);
    const place = { tenantId, table: 'users', column: 'email_key' };
    const { rows } = await client.query('select * from users where tenant_id = $1 and email_key = $2', [
      tenantId,
      keyring.blindIndex(email.toLowerCase(), place),
    ]);
    expect(rows[0]).toMatchObject({ id, first_name: seedUser(42).firstName });
    const sealed = { tenantId, table: 'users', column: 'email_sealed', rowId: id };
    expect(keyring.open(rows[0].email_sealed, sealed)).toBe(email);
    expect(await count('user_words', tenantId)).toBeGreaterThan(500);
  });

  it('is left alone where it is, and gone on with where it was interrupted', async () => {
    const tenantId = 'again';
    const write = (users: number) => writeSeedUsers({ databaseUrl, keyring, tenantId, users });
    expect(await write(100)).toEqual({ written: 100, found: 0 });
    await client.query(`delete from user_tags where tenant_id = $1`, [tenantId]);
    expect(await write(250)).toEqual({ written: 150, found: 100 });
    expect(await write(250)).toEqual({ written: 0, found: 250 });
    expect([await count('users', tenantId), await count('user_changes', tenantId)]).toEqual([250, 250]);
  });

  it('is written by one at a time', async () => {
    const write = () => writeSeedUsers({ databaseUrl, keyring, tenantId: 'one', users: 30_000 });
    const ends = await Promise.allSettled([write(), write()]);
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
    expect(refused).toEqual([expect.stringContaining('Another "npm run sample" writes into tenant one')]);
    // Several batches, by several workers.
    expect(await write()).toEqual({ written: 0, found: 30_000 });
  }, 30_000);

  it('has many names, each address once', () => {
    const people = Array.from({ length: 5000 }, (_, i) => seedUser(i + 1));
    expect(new Set(people.map(({ email }) => email)).size).toBe(5000);
    expect(new Set(people.map(({ lastName }) => lastName)).size).toBeGreaterThan(1000);
    expect(seedUser(7)).toEqual(seedUser(7));
    for (const { email } of people)
      expect(email).toMatch(/^[a-z]+([.][a-z]+)*[.][0-9]+@example[.](com|org|net)$/);
  });
});

describe('npm run sample', () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const run = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    runMain(main, { PATH: process.env.PATH, ...env }, args);

  it('writes into the database that the settings name, and says how many', async () => {
    const args = ['--users', '60', '--tenant', 'cli'];
    const first = await run(args, { AUTH_DATABASE_URL: databaseUrl, ...TEST_KEYS });
    expect(first).toMatchObject({ stderr: '', code: 0 });
    expect(first.stdout).toContain('60 users written into tenant cli');
    expect((await run(args, { AUTH_DATABASE_URL: databaseUrl, ...TEST_KEYS })).stdout).toContain(
      '60 were there already',
    );
  });

  it('says in one line what is missing, and the cure', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-sample-'));
    try {
      const env = { ROLLCALL_DATA_DIR: directory };
      const lacking = [
        await run(['--users', '5'], env),
        await run(['--users', '5'], { ...env, AUTH_DATABASE_URL: databaseUrl }),
        await run(['--users', '5'], { ...env, ...TEST_KEYS, AUTH_DATABASE_URL: `${databaseUrl}_nope` }),
      ];
      expect(lacking.map(({ code }) => code)).toEqual([1, 1, 1]);
      const lines = lacking.map(({ stderr }) => stderr.trim());
      expect(lines[0]).toMatch(/There is no database in .*: run "npm start"/);
      expect(lines[1]).toMatch(/There are no keys for contact data in .*: run "npm start"/);
      expect(lines[2]).toMatch(/does not exist: create it, or correct AUTH_DATABASE_URL/);
      expect(lines.every((line) => !line.includes('\n'))).toBe(true);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
