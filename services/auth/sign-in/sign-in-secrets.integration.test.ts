import { randomUUID } from 'node:crypto';
import { freshTenant } from '@rollcall/contract/testing';
import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool, transactPrepared } from '@rollcall/runtime/postgres';
import { createKeyring, type Keyring, makeKey, SealingError } from '@rollcall/runtime/sealing';
import { createTestDatabase, query, TEST_KEYS, type TestDatabase } from '@rollcall/runtime/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createContactSeal } from '../postgres/rows/contact-seal.ts';
import { createPostgresRotation } from '../postgres/sealing/postgres-rotation.ts';
import { sealedContact } from '../postgres/sealing/sealed-tables.ts';
import { lifecycleEdits } from '../postgres/users/lifecycle-edits.ts';
import { createPostgresUserReads } from '../postgres/users/postgres-user-reads.ts';
import type { User } from '../users/user.ts';
import type { Mail } from './mail/mail.ts';
import { startMailWorker } from './mail/mail-worker.ts';
import { requestPasswordReset, resetPassword } from './passwords/change-password.ts';
import { createPasswordHasher } from './passwords/password-hasher.ts';
import { deleteExpired } from './postgres/cleanup.ts';
import { createPostgresOutbox } from './postgres/mail-outbox.ts';
import { createSignInSeal, signInSealedTables } from './postgres/sign-in-seal.ts';
import { createPostgresSignInStore } from './postgres/sign-in-store.ts';
import { createPostgresSigningKeys } from './postgres/signing-keys.ts';
import { createPostgresThrottles } from './postgres/throttles.ts';
import { register, verifyEmail } from './registration.ts';
import { refreshSession } from './session.ts';
import { signIn } from './sign-in.ts';
import type { SignInContext } from './sign-in-context.ts';
import { makeSigningKey } from './tokens/signing-keys.ts';

const keyring = createKeyring({
  encryptionKeys: new Secret(TEST_KEYS.AUTH_ENCRYPTION_KEYS),
  indexKeys: new Secret(TEST_KEYS.AUTH_INDEX_KEYS),
});
const logged: string[] = [];
const logger = createLogger({ service: 'test', level: 'trace' }, { write: (line) => void logged.push(line) });
const PASSWORD = 'correct horse battery';

let database: TestDatabase;
let pool: Pool;
let context: SignInContext;
let statements: string[];

beforeEach(async () => {
  logged.length = 0;
  statements = [];
  database = await createTestDatabase('auth');
  pool = createPool({ url: new Secret(database.url), maxConnections: 3, statementTimeoutMs: 5000, logger });
  const run = pool.query.bind(pool);
  pool.query = ((...args: Parameters<typeof run>) => {
    statements.push(String((args[0] as unknown as { name?: string }).name));
    return run(...args);
  }) as typeof pool.query;
  context = await contextWith(keyring);
});

async function contextWith(ring: Keyring): Promise<SignInContext> {
  const [seal, contactSeal] = [createSignInSeal(ring), createContactSeal(ring)];
  const listeners = { onCommitted: () => undefined, onMailQueued: () => undefined };
  return {
    reads: createPostgresUserReads(pool, contactSeal),
    store: createPostgresSignInStore(pool, { seal, contactSeal }, listeners),
    throttles: createPostgresThrottles(pool, seal),
    hasher: await createPasswordHasher({
      concurrency: 1,
      parameters: { memoryKib: 8, passes: 1, parallelism: 1 },
    }),
    // Other tests cover real access tokens.
    tokens: {
      sign: async () => ({ token: 'signed', expireTime: new Date() }),
      verify: () => Promise.reject(new Error('not asked here')),
    },
    onReuse: () => undefined,
  };
}

afterEach(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

const outbox = () => createPostgresOutbox(pool, createSignInSeal(keyring));
const RETRY = { firstWaitMs: 3_600_000, maxWaitMs: 3_600_000 };

async function takeMail(): Promise<Mail> {
  const [mail] = await outbox().claim(1, RETRY);
  if (!mail) throw new Error('no mail waits');
  const opened = mail.open();
  await outbox().markSent(mail);
  return opened;
}

const tokenOf = ({ text }: Mail) => /^([\w-]{43})$/m.exec(text)?.[1] ?? '';

const stranger = () => ({
  tenantId: freshTenant(),
  email: `Ada.${randomUUID()}@example.com`,
  password: PASSWORD,
  firstName: 'Ada',
  lastName: 'Lovelace',
  source: '192.0.2.77',
});

async function member() {
  const person = stranger();
  await register(context, person);
  const token = tokenOf(await takeMail());
  return { ...person, userId: await verifyEmail(context, { tenantId: person.tenantId, token }) };
}

/** Everything in the database as text, as in a dump. Bytes are hexadecimal. */
async function dump(): Promise<string> {
  const { rows: tables } = await pool.query(
    `select table_name from information_schema.tables where table_schema = 'public'`,
  );
  const texts = await Promise.all(
    tables.map(async ({ table_name }) => {
      const { rows } = await pool.query(`select t::text as row from "${table_name}" t`);
      return rows.map(({ row }) => `${table_name}: ${row}`).join('\n');
    }),
  );
  return texts.join('\n');
}

const forms = (text: string) => [
  text,
  text.toLowerCase(),
  Buffer.from(text).toString('hex'),
  Buffer.from(text).toString('base64'),
];

describe('the data of sign-in', () => {
  it('contains no readable password, token or address', async () => {
    const person = stranger();
    const { tenantId, email, source } = person;
    await register(context, person);
    const pending = await dump();
    const verification = tokenOf(await takeMail());
    await verifyEmail(context, { tenantId, token: verification });
    const { refreshToken } = await signIn(context, person);
    await requestPasswordReset(context, { tenantId, email, source });
    const kept = await dump();
    const reset = tokenOf(await takeMail());
    expect(kept).toContain('mail_outbox: ');
    expect(kept).toContain('mail_tokens: ');
    expect([verification, reset, refreshToken].map(({ length }) => length)).toEqual([43, 43, 43]);
    for (const secret of [PASSWORD, verification, reset, refreshToken, email]) {
      for (const form of forms(secret)) {
        expect(pending).not.toContain(form);
        expect(kept).not.toContain(form);
      }
    }
  });

  it('is removed when a user is erased, whatever is going on', async () => {
    const person = await member();
    const { tenantId, userId, email, source } = person;
    await signIn(context, person);
    await signIn(context, { ...person, password: 'wrong' }).catch(() => undefined);
    await requestPasswordReset(context, { tenantId, email, source });
    await register(context, person);
    const tables = [
      'credentials',
      'verified_emails',
      'sessions',
      'refresh_tokens',
      'mail_tokens',
      'mail_outbox',
      'sign_ins',
    ];
    const count = async (table: string) =>
      Number(
        (await pool.query(`select count(*) from ${table} where tenant_id = $1`, [tenantId])).rows[0].count,
      );
    for (const table of tables) expect([table, await count(table)]).not.toEqual([table, 0]);
    const user = (await context.reads.find(tenantId, userId, 'FULL')) as User;
    await transactPrepared(pool, (run) => lifecycleEdits(run, createContactSeal(keyring)).erase(user));
    for (const table of tables) expect([table, await count(table)]).toEqual([table, 0]);
    const { rows } = await pool.query(`select kind from throttles where tenant_id = $1 order by kind`, [
      tenantId,
    ]);
    expect(rows.map(({ kind }) => kind)).toEqual(['MAIL_SOURCE', 'SOURCE']);
    await expect(signIn(context, person)).rejects.toMatchObject({ reason: 'CREDENTIALS_WRONG' });
  });

  it('does not begin a session that cannot be opened', async () => {
    const person = await member();
    for (const [table, id] of [
      ['verified_emails', 'user_id'],
      ['users', 'id'],
    ]) {
      await pool.query(`update ${table} set email_sealed = '\\x00' where ${id} = $1`, [person.userId]);
      await expect(signIn(context, person)).rejects.toBeInstanceOf(SealingError);
      await expect(signIn(context, { ...person, password: 'wrong' })).rejects.toMatchObject({
        reason: 'CREDENTIALS_WRONG',
      });
    }
    expect((await pool.query('select * from sessions')).rows).toEqual([]);
  });

  it('is removed when it has expired', async () => {
    const person = await member();
    await signIn(context, person);
    await requestPasswordReset(context, person);
    for (const table of ['sessions', 'mail_tokens', 'mail_outbox']) {
      await pool.query(`update ${table} set expire_time = now() - interval '1 second'`);
    }
    await pool.query(`update sign_ins set create_time = now() - interval '91 days'`);
    await pool.query(`update throttles set update_time = now() - interval '2 days'`);
    expect(await deleteExpired(pool)).toBe(1);
    for (const table of [
      'sessions',
      'refresh_tokens',
      'mail_tokens',
      'mail_outbox',
      'sign_ins',
      'throttles',
    ]) {
      expect((await pool.query(`select * from ${table}`)).rows).toEqual([]);
    }
    expect((await pool.query('select * from credentials')).rows).toHaveLength(1);
  });
});

describe('B8: a failure on the way', () => {
  // Runs `work` while `table` accepts no row, as on a full disk.
  async function withTableClosed<T>(table: string, work: () => Promise<T>): Promise<T> {
    await query(
      database.ownerUrl,
      `create function refuse() returns trigger language plpgsql as $$ begin raise 'closed'; end $$;
      create trigger closed before insert or update on ${table} for each row execute function refuse()`,
    );
    try {
      return await work();
    } finally {
      await query(database.ownerUrl, 'drop function refuse() cascade');
    }
  }

  it('leaves a refresh token valid when the access token cannot be signed', async () => {
    const person = await member();
    const { tenantId } = person;
    const { refreshToken, sessionId } = await signIn(context, person);
    const sign = vi.spyOn(context.tokens, 'sign').mockRejectedValueOnce(new Error('no key'));
    await expect(refreshSession(context, { tenantId, refreshToken })).rejects.toThrow('no key');
    expect(sign).toHaveBeenCalledOnce();
    const next = await refreshSession(context, { tenantId, refreshToken });
    expect(next).toMatchObject({ sessionId, userId: person.userId, isEmailVerified: true });
    await refreshSession(context, { tenantId, refreshToken: next.refreshToken });
  });

  it.each(['refresh_tokens', 'sessions'])(
    'leaves a refresh token valid when %s cannot be written',
    async (table) => {
      const person = await member();
      const { tenantId } = person;
      const { refreshToken } = await signIn(context, person);
      const attempt = () => refreshSession(context, { tenantId, refreshToken });
      await withTableClosed(table, () => expect(attempt()).rejects.toThrow('closed'));
      await expect(attempt()).resolves.toMatchObject({ userId: person.userId });
    },
  );

  it('leaves a refresh token valid when the address of its user cannot be opened', async () => {
    const person = await member();
    const { tenantId } = person;
    const { refreshToken } = await signIn(context, person);
    const attempt = () => refreshSession(context, { tenantId, refreshToken });
    const { rows } = await pool.query('select email_sealed from verified_emails');
    await pool.query(`update verified_emails set email_sealed = '\\x00'`);
    await expect(attempt()).rejects.toBeInstanceOf(SealingError);
    await pool.query('update verified_emails set email_sealed = $1', [rows[0].email_sealed]);
    await expect(attempt()).resolves.toMatchObject({ isEmailVerified: true });
  });

  it.each(['users', 'credentials', 'verified_emails'])(
    'leaves the token of a registration valid when %s cannot be written',
    async (table) => {
      const person = stranger();
      await register(context, person);
      const use = { tenantId: person.tenantId, token: tokenOf(await takeMail()) };
      await withTableClosed(table, () => expect(verifyEmail(context, use)).rejects.toThrow());
      await verifyEmail(context, use);
      expect(await signIn(context, person)).toMatchObject({ isEmailVerified: true });
    },
  );

  it.each(['credentials', 'verified_emails', 'sessions', 'mail_outbox'])(
    'leaves the token of a reset valid when %s cannot be written',
    async (table) => {
      const person = await member();
      const { tenantId } = person;
      await signIn(context, person);
      await requestPasswordReset(context, person);
      const use = { tenantId, token: tokenOf(await takeMail()), newPassword: 'another good one' };
      await withTableClosed(table, () => expect(resetPassword(context, use)).rejects.toThrow('closed'));
      await expect(signIn(context, person)).resolves.toMatchObject({ userId: person.userId });
      await resetPassword(context, use);
      await signIn(context, { ...person, password: use.newPassword });
    },
  );
});

describe('B8: when the clock of the database goes back', () => {
  const later = `interval '2 hours'`;

  it('attempts of the time before block no one', async () => {
    const person = await member();
    const wrong = { ...person, password: 'wrong' };
    for (let i = 0; i < 7; i++) await signIn(context, wrong).catch(() => undefined);
    await pool.query(
      `update throttles set blocked_until = blocked_until + ${later}, update_time = update_time + ${later}`,
    );
    await expect(signIn(context, wrong)).rejects.toMatchObject({ reason: 'CREDENTIALS_WRONG' });
    // Counted by the present clock, beside the attempts of before.
    await expect(signIn(context, wrong)).rejects.toMatchObject({ reason: 'TOO_MANY_ATTEMPTS' });
    const { rows } = await pool.query(
      `select failures, update_time > now() as ahead from throttles where kind = 'ACCOUNT'`,
    );
    expect(rows).toEqual([{ failures: expect.closeTo(7, 1), ahead: false }]);
    await pool.query(
      `update throttles set blocked_until = blocked_until + ${later}, update_time = update_time + ${later}`,
    );
    await signIn(context, person);
  });

  it('a mail that was put off in the time before is sent', async () => {
    await register(context, stranger());
    await pool.query(
      `update mail_outbox set next_attempt_time = next_attempt_time + ${later}, expire_time = expire_time + ${later}`,
    );
    await takeMail();
  });
});

describe('a change of keys', () => {
  it('reaches all data of sign-in, and pending tokens stay valid', async () => {
    const old = { encryptionKeys: TEST_KEYS.AUTH_ENCRYPTION_KEYS, indexKeys: TEST_KEYS.AUTH_INDEX_KEYS };
    const fresh = { encryptionKeys: makeKey('k2'), indexKeys: makeKey('i2') };
    const ring = (keys: typeof old) =>
      createKeyring({
        encryptionKeys: new Secret(keys.encryptionKeys),
        indexKeys: new Secret(keys.indexKeys),
      });
    const both = ring({
      encryptionKeys: `${fresh.encryptionKeys},${old.encryptionKeys}`,
      indexKeys: `${fresh.indexKeys},${old.indexKeys}`,
    });
    const person = await member();
    const { tenantId } = person;
    const other = { ...stranger(), tenantId };
    await register(context, other);
    await requestPasswordReset(context, person);
    await createPostgresSigningKeys(pool, keyring).change(() => ({
      add: [makeSigningKey(new Date())],
      removeIds: [],
    }));

    for (const table of [sealedContact(createContactSeal(both)), ...signInSealedTables(both)]) {
      const rotation = createPostgresRotation(pool, table, both);
      for (let steps = 0; (await rotation.step(1)).state !== 'finished'; steps++)
        expect(steps).toBeLessThan(50);
    }

    const after = ring(fresh);
    context = await contextWith(after);
    expect(await createPostgresSigningKeys(pool, after).list()).toHaveLength(1);
    const mails = await createPostgresOutbox(pool, createSignInSeal(after)).claim(10, RETRY);
    const tokenTo = (to: string) =>
      tokenOf(mails.map((mail) => mail.open()).find((mail) => mail.to === to) as Mail);
    await verifyEmail(context, { tenantId, token: tokenTo(other.email) });
    await resetPassword(context, { tenantId, token: tokenTo(person.email), newPassword: 'another good one' });
    expect(await signIn(context, { ...person, password: 'another good one' })).toMatchObject({
      isEmailVerified: true,
    });
    expect(await signIn(context, other)).toMatchObject({ isEmailVerified: true });
  });
});

describe('for known and unknown addresses', () => {
  it('runs the same statements and computes as many hashes', async () => {
    const person = await member();
    const known = { ...person, password: 'not the password' };
    const unknown = { ...known, email: `nobody.${randomUUID()}@example.com` };
    const traceOf = async (work: () => Promise<unknown>) => {
      statements = [];
      const before = context.hasher.hashes;
      await work().catch(() => undefined);
      return { statements, hashes: context.hasher.hashes - before };
    };
    const calls = [
      (who: typeof known) => signIn(context, who),
      (who: typeof known) => register(context, { ...who, password: 'a new long password' }),
      (who: typeof known) => requestPasswordReset(context, who),
    ];
    for (const call of calls) {
      const trace = await traceOf(() => call(known));
      expect(trace.statements.length).toBeGreaterThan(2);
      expect(await traceOf(() => call(unknown))).toEqual(trace);
    }
  });
});

describe('a mail', () => {
  it('is sent although sending fails at first, and only its id is logged', async () => {
    const person = stranger();
    await register(context, person);
    const tried: string[] = [];
    const sent: Mail[] = [];
    await using _worker = startMailWorker({
      outbox: outbox(),
      sender: {
        async send(mail, id) {
          tried.push(id);
          if (tried.length < 3) throw new Error('the mail server is away');
          sent.push(mail);
        },
      },
      logger,
      retry: { firstWaitMs: 1, maxWaitMs: 10 },
      pollMs: 5,
    });
    await expect.poll(() => sent.length, { timeout: 10_000 }).toBe(1);
    await expect
      .poll(async () => (await pool.query('select * from mail_outbox')).rows, { timeout: 10_000 })
      .toEqual([]);
    expect(new Set(tried).size).toBe(1);
    expect(sent[0]?.to).toBe(person.email);
    const log = logged.join('');
    expect(log).toContain(tried[0]);
    for (const secret of [person.email, PASSWORD, tokenOf(sent[0] as Mail)])
      expect(log).not.toContain(secret);
  });

  it('is sent by one of many workers', async () => {
    for (let i = 0; i < 20; i++) await register(context, { ...stranger(), source: `192.0.2.${i}` });
    const sent: string[] = [];
    const sender = { send: async (_: Mail, id: string) => void sent.push(id) };
    const workers = [1, 2, 3].map(() => startMailWorker({ outbox: outbox(), sender, logger, pollMs: 5 }));
    await expect.poll(() => sent.length, { timeout: 10_000 }).toBe(20);
    for (const worker of workers) await worker[Symbol.asyncDispose]();
    expect(new Set(sent).size).toBe(20);
  });

  it('survives a process that is killed while it sends', async () => {
    await register(context, stranger());
    const [taken] = await outbox().claim(1, { firstWaitMs: 0, maxWaitMs: 0 });
    // `markSent` is not called.
    const [again] = await outbox().claim(1, RETRY);
    expect(again).toMatchObject({ id: taken?.id, attempts: 2 });
    expect(await outbox().claim(1, RETRY)).toEqual([]);
  });
});
