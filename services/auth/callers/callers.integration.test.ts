import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { expectRefusal, freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService, UserView } from '@rollcall/contract/user';
import { StartupError } from '@rollcall/runtime';
import type { AuditEntry } from '@rollcall/runtime/callers';
import { createTestAuthority, createTestDatabase, type Ran, runMain } from '@rollcall/runtime/testing';
import { createGrpcTransport, type GrpcTransportOptions } from '@rollcall/transport';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../commands/run-tool.ts';
import { startAuth } from '../testing/start-auth.ts';

const BOOKING = 'spiffe://example.org/booking';
const MAIN = fileURLToPath(new URL('../commands/main.ts', import.meta.url));
const authority = createTestAuthority();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-callers-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a command in this process, and answers as its own process would. */
async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  try {
    return { code: 0, stdout: await runTool(args, env), stderr: '' };
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return { code: 1, stdout: '', stderr: `${error.message}\n` };
  }
}

async function openAuth(env: NodeJS.ProcessEnv = {}) {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const auth = stack.use(await startAuth({ databaseUrl: database.url, env }));
  const closers = stack.move();
  const connect = (options: Partial<GrpcTransportOptions> = {}) => {
    const { address } = auth;
    const transport = closers.use(createGrpcTransport({ address, defaultTimeoutMs: 5_000, ...options }));
    return {
      users: createClient(UserService, transport),
      admin: createClient(UserAdminService, transport),
    };
  };
  // As the owner of the tables: the role of the service may not do this.
  const query = async <Row extends object>(text: string): Promise<Row[]> => {
    const client = new Client({ connectionString: database.ownerUrl });
    await client.connect();
    return await client
      .query<Row>(text)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  };
  const lines = async (): Promise<AuditEntry[]> =>
    (await tool('audit', 'tail', '--lines', '10000')).stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const tool = (...args: string[]) => run(args, { AUTH_DATABASE_URL: database.url });
  const metric = async (name: string) => {
    const text = await auth.metrics();
    return Number(new RegExp(`^${name}\\{.*\\} (.+)$`, 'm').exec(text)?.[1]);
  };
  return { connect, query, lines, tool, metric, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

// Makes a key pair by the command, and tokens of it.
async function makeKeys() {
  const [key, jwks] = [join(folder, crypto.randomUUID()), join(folder, crypto.randomUUID())];
  expect(await run(['token', '--make-keys', '--key', key, '--jwks', jwks])).toMatchObject({ code: 0 });
  const mint = async (caller: string, ...args: string[]) =>
    (await run(['token', '--caller', caller, '--key', key, ...args])).stdout.trim();
  return { jwks, mint };
}

describe('a guarded auth service', () => {
  const denied = { code: 'PermissionDenied', reason: 'NOT_GRANTED' } as const;

  it('serves a caller what is granted and nothing else, from the grant on until it is removed', async () => {
    const { jwks, mint } = await makeKeys();
    await using auth = await openAuth({ AUTH_CALLER_JWKS_FILE: jwks });
    const [booking, console] = await Promise.all([mint('booking'), mint('console', '--ttl', '5m')]);
    const { users } = auth.connect({ callerToken: () => booking });
    const { admin } = auth.connect({ callerToken: () => console });
    const tenantId = freshTenant();
    const id = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';
    await expectRefusal(users.getUser({ tenantId, id }), denied);

    const set = (...args: string[]) => auth.tool('grants', 'set', ...args);
    await set('booking', '--methods', 'UserService/GetUser', '--tenants', tenantId, '--rate', '1000');
    await set('console', '--methods', 'UserAdminService/*', '--tenants', '*', '--views', 'FULL');
    const isSeeded = () =>
      seedUser({ admin }, tenantId).then(
        () => true,
        () => false,
      );
    await expect.poll(isSeeded, { timeout: 10_000 }).toBe(true);
    const seeded = await seedUser({ admin }, tenantId);
    expect((await users.getUser({ tenantId, id: seeded.id })).user?.id).toBe(seeded.id);
    await expectRefusal(users.getUser({ tenantId, id: seeded.id, view: UserView.BASIC }), denied);
    await expectRefusal(users.getUser({ tenantId: 'other', id: seeded.id }), denied);
    await expectRefusal(users.batchGetUsers({ tenantId, ids: [seeded.id] }), denied);

    const before = Date.now();
    expect((await auth.tool('grants', 'remove', 'booking')).stdout).toBe('removed 1 of booking\n');
    const isRefused = () =>
      users.getUser({ tenantId, id: seeded.id }).then(
        () => false,
        () => true,
      );
    await expect.poll(isRefused, { timeout: 10_000 }).toBe(true);
    await expectRefusal(users.getUser({ tenantId, id: seeded.id }), denied);
    expect(Date.now() - before).toBeLessThan(10_000);
  });

  it('records refusals, also of unknown callers', async () => {
    const { jwks, mint } = await makeKeys();
    await using auth = await openAuth({ AUTH_CALLER_JWKS_FILE: jwks });
    const request = { tenantId: 'demo', id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };
    const unknown = { code: 'Unauthenticated', reason: 'CALLER_UNKNOWN' } as const;
    await expectRefusal(auth.connect().users.getUser(request), unknown);
    const booking = await mint('booking');
    const { users } = auth.connect({ callerToken: () => booking });
    for (let i = 0; i < 5; i++) await expectRefusal(users.getUser(request), denied);
    const recorded = async () =>
      (await auth.lines()).map(({ caller, outcome, tenants }) => ({ caller, outcome, tenants }));
    await expect
      .poll(recorded, { timeout: 10_000 })
      .toContainEqual({ caller: 'booking', outcome: 'NOT_GRANTED', tenants: ['demo'] });
    expect(await recorded()).toContainEqual({ caller: '', outcome: 'CALLER_UNKNOWN', tenants: [] });
  });

  it('knows a caller by mutual TLS, and refuses callers without it', async () => {
    const files = await writeTls();
    await using auth = await openAuth(files);
    await auth.tool('grants', 'set', BOOKING, '--methods', 'UserService/*', '--tenants', '*');
    const own = authority.issue({ uris: [BOOKING] });
    const tls = { rootCertificates: authority.certificate, serverName: 'auth.test' };
    const { users } = auth.connect({
      tls: { ...tls, privateKey: own.key, certificateChain: own.certificate },
    });
    const request = { tenantId: freshTenant(), id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };
    const codeOf = () => users.getUser(request).catch((error) => String(error));
    await expect.poll(codeOf, { timeout: 10_000 }).toMatch(/not_found/);
    const unknown = { code: 'Unauthenticated', reason: 'CALLER_UNKNOWN' } as const;
    await expectRefusal(auth.connect({ tls }).users.getUser(request), unknown);
    await expect(auth.connect().users.getUser(request)).rejects.toThrow(/unavailable/);
  });

  it('does not start where other machines could reach it unasked, and says what to set', async () => {
    const attempt = openAuth({ AUTH_HOST: '0.0.0.0' });
    await expect(attempt).rejects.toThrow(StartupError);
    await expect(attempt).rejects.toThrow(/AUTH_TLS_CERT_FILE.*AUTH_HOST to 127\.0\.0\.1/);
    const missing = openAuth({ AUTH_CALLER_JWKS_FILE: join(folder, 'nope') });
    await expect(missing).rejects.toThrow(/AUTH_CALLER_JWKS_FILE \(.*nope\) cannot be used/);
  });
});

describe('the audit log of the auth service', () => {
  it('tells reads of contact data and writes, and neither other reads nor any contact data', async () => {
    await using auth = await openAuth();
    const { users, admin } = auth.connect();
    const tenantId = freshTenant();
    const email = 'very.secret@example.com';
    const { id } = await seedUser({ admin }, tenantId, { email, phone: '+15550100', firstName: 'Ada' });
    const ids = [id];
    await users.getUser({ tenantId, id });
    await users.batchGetUsers({ tenantId, ids });
    await admin.listUsers({ tenantId });
    await users.getUser({ tenantId, id, view: UserView.BASIC });
    await users.batchGetUsers({ tenantId, ids, view: UserView.FULL });
    await users.resolveUsers({ tenantId, keys: [{ key: { case: 'email', value: email } }] });
    await admin.listUsers({ tenantId, view: UserView.BASIC });
    await admin.updateUser({
      tenantId,
      user: { id, firstName: 'Grace' },
      updateMask: { paths: ['first_name'] },
    });
    const missing = '0190b0d5-4a1c-7e2f-8c3d-0123456789ab';
    await expect(users.getUser({ tenantId, id: missing, view: UserView.BASIC })).rejects.toThrow();
    const lines = await auth.lines();
    expect(lines.map(({ method, view, ids, outcome }) => [method.split('/')[1], view, ids, outcome])).toEqual(
      [
        ['CreateUser', 'FULL', [id], 'OK'],
        ['GetUser', 'BASIC', [id], 'OK'],
        ['BatchGetUsers', 'FULL', [id], 'OK'],
        ['ResolveUsers', 'REFERENCE', [id], 'OK'],
        ['ListUsers', 'BASIC', [id], 'OK'],
        ['UpdateUser', 'FULL', [id], 'OK'],
        ['GetUser', 'BASIC', [missing], 'USER_NOT_FOUND'],
      ],
    );
    expect(lines.every(({ caller, tenants }) => caller === 'local' && tenants[0] === tenantId)).toBe(true);
    expect(JSON.stringify(lines)).not.toMatch(/secret|5550100|Ada|Grace/);
    const verified = await auth.tool('audit', 'verify');
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^The audit log is whole: 7 lines in 1 chains.* 2:[0-9a-f]{64}\n$/),
    });
    const head = verified.stdout.trim().split(' ').at(-1) as string;
    expect(await auth.tool('audit', 'verify', '--head', head)).toMatchObject({ code: 0 });
    const tail = await auth.tool('audit', 'tail', '--lines', '1');
    expect(JSON.parse(tail.stdout)).toMatchObject({ batch: 7, outcome: 'USER_NOT_FOUND' });
  });

  it('stars: has no line of ratings, which every reader of references may read', async () => {
    await using auth = await openAuth();
    const { users, admin } = auth.connect();
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId);
    await admin.recordStatistics({ tenantId, id, source: 'booking', averageRating: 4, totalReviews: 3 });
    const rated = { averageRating: 4, totalReviews: 3, email: '', phone: '' };
    expect((await users.getUser({ tenantId, id })).user).toMatchObject(rated);
    const { outcomes } = await users.batchGetUsers({ tenantId, ids: [id], view: UserView.REFERENCE });
    expect(outcomes[0]?.outcome.value).toMatchObject(rated);
    const methods = (await auth.lines()).map(({ method }) => method.split('/')[1]);
    expect(methods).toEqual(['CreateUser', 'RecordStatistics']);
  });

  it('keeps the reason of an erasure', async () => {
    await using auth = await openAuth();
    const { admin } = auth.connect();
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId);
    await admin.eraseUser({ tenantId, id, reason: 'request 17 of the data subject' });
    const erasure = (await auth.lines()).at(-1);
    expect(erasure).toMatchObject({ ids: [id], outcome: 'OK', why: 'request 17 of the data subject' });
  });

  it('lets no contact data leave while it cannot be written, and all else as before', async () => {
    await using auth = await openAuth();
    const { users, admin } = auth.connect();
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId);
    await auth.query('alter function audit_extend(bigint, integer, bytea, bytea) rename to gone');
    const failed = { code: 'Internal', reason: 'INTERNAL' } as const;
    await expectRefusal(users.getUser({ tenantId, id, view: UserView.BASIC }), failed);
    await expectRefusal(users.getUser({ tenantId, id, view: UserView.FULL }), failed);
    await expectRefusal(admin.listUsers({ tenantId, view: UserView.BASIC }), failed);
    expect((await users.getUser({ tenantId, id })).user?.id).toBe(id);
    await auth.query('alter function gone(bigint, integer, bytea, bytea) rename to audit_extend');
    expect((await users.getUser({ tenantId, id, view: UserView.BASIC })).user?.id).toBe(id);
  });

  it('B10: raises the alarm by its metrics when a foreign row stands in its way, and fails no call', async () => {
    await using auth = await openAuth();
    const tenantId = freshTenant();
    const { admin } = auth.connect();
    await seedUser({ admin }, tenantId);
    expect(await auth.metric('rollcall_audit_breaks')).toBe(0);
    expect(await auth.metric('rollcall_audit_protected')).toBe(1);
    await auth.query(
      'insert into audit_batches select chain, seq + 1, hash, lines from audit_batches order by seq desc limit 1',
    );
    const { id } = await seedUser({ admin }, tenantId);
    expect((await admin.listUsers({ tenantId, view: UserView.BASIC })).users).toHaveLength(2);
    expect(await auth.metric('rollcall_audit_breaks')).toBe(1);
    expect((await auth.lines()).flatMap(({ ids }) => ids)).toContain(id);
    expect((await auth.tool('audit', 'verify')).stderr).toMatch(
      /notes a break at .* of chain .* after batch \d/,
    );
  });

  it('B10: answers a user that was created, when the log cannot be written for a while after the commit', async () => {
    await using auth = await openAuth();
    const tenantId = freshTenant();
    const { admin } = auth.connect();
    await seedUser({ admin }, tenantId);
    // Begins to fail at the commit of the user, and stops failing a moment later.
    await auth.query(`create table faults (at timestamptz)`);
    await auth.query(`create function note_fault() returns trigger language plpgsql security definer as $$
      begin insert into faults values (clock_timestamp()); return null; end $$`);
    await auth.query(
      'create trigger note_fault after insert on users for each row execute function note_fault()',
    );
    await auth.query(`create function fail_a_while() returns trigger language plpgsql as $$
      begin
        if exists (select from faults where at > clock_timestamp() - interval '0.7 s') then raise exception 'not now'; end if;
        return new;
      end $$`);
    await auth.query(
      'create trigger fail_a_while before insert on audit_batches for each row execute function fail_a_while()',
    );
    const { id } = await seedUser({ admin }, tenantId);
    expect((await auth.lines()).at(-1)).toMatchObject({ ids: [id], outcome: 'OK' });
  });

  it('B10: begins no write while the log cannot be written', async () => {
    await using auth = await openAuth();
    const tenantId = freshTenant();
    const { admin } = auth.connect();
    const { id } = await seedUser({ admin }, tenantId);
    await auth.query('alter function audit_extend(bigint, integer, bytea, bytea) rename to gone');
    const failed = { code: 'Internal', reason: 'INTERNAL' } as const;
    await expectRefusal(admin.listUsers({ tenantId, view: UserView.BASIC }), failed);
    await expectRefusal(admin.deleteUser({ tenantId, id }), failed);
    await auth.query('alter function gone(bigint, integer, bytea, bytea) rename to audit_extend');
    expect((await admin.listUsers({ tenantId, view: UserView.BASIC })).users.map((user) => user.id)).toEqual([
      id,
    ]);
  });

  it('names by its command where it is broken', async () => {
    await using auth = await openAuth();
    const tenantId = freshTenant();
    for (let i = 0; i < 3; i++) await seedUser(auth.connect(), tenantId);
    await auth.query('alter table audit_batches disable trigger user');
    await auth.query(`update audit_batches set lines = lines || '\\x00' where seq = 2`);
    const { code, stderr } = await auth.tool('audit', 'verify');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^The audit log is broken at batch 2 of chain -?\d+: .*\nKeep the database as it is.*\n$/,
    );
  });
});

describe('the commands', () => {
  it.each([
    [['grants', 'set'], /^CALLER is missing/],
    [['grants', 'set', 'booking'], /--methods is missing.*\n--tenants is missing/],
    [['grants', 'set', 'Booking', '--methods', 'UserService/*', '--tenants', '*'], /cannot name a caller/],
    [
      ['grants', 'set', 'booking', '--methods', 'UserService/Nope', '--tenants', '*'],
      /knows no "UserService\/Nope"/,
    ],
    [
      ['grants', 'set', 'booking', '--methods', 'UserService/*', '--tenants', '*', '--views', 'ALL'],
      /REFERENCE, BASIC, FULL/,
    ],
    [
      ['grants', 'set', 'booking', '--methods', 'UserService/*', '--tenants', '*', '--rate', 'x'],
      /--rate must be a number/,
    ],
    [['grants', 'drop', 'booking'], /say list, set or remove/],
    [
      ['grants', 'list', '--tenants', 'demo'],
      /npm run grants -- list does not take --tenants: it takes --json/,
    ],
    [['grants', 'remove', 'booking', '--tenants', 'demo'], /remove does not take --tenants: it takes --name/],
    [['audit', 'look'], /say verify, tail, search/],
    [['audit', 'verify', '--head', 'x'], /NUMBER:HASH/],
    [
      ['audit', 'tail', '--user', 'x'],
      /npm run audit -- tail does not take --user: it takes --lines, --file/,
    ],
    [['audit', 'search', '--user', 'ada'], /--user must be the id of a user, a UUID, not "ada"/],
    [['audit', 'search', '--from', '12 days'], /--from must be a day such as 2026-11-01, or a time/],
    [['audit', 'search', '--from', '2026-12-02', '--to', '2026-12-01'], /--from must be before --to/],
    [['audit', 'search', '--method', 'EraseUser'], /--method knows no "EraseUser"/],
    [['token', '--caller', 'booking'], /--key FILE is missing/],
    [['token', '--caller', 'booking', '--key', '/nope/key'], /cannot be used: ENOENT/],
    [['token', '--caller', 'booking', '--key', 'k', '--ttl', '1d'], /90s, 15m or 1h/],
    [['token', 'booking', '--key', 'k'], /"booking" is one argument too many/],
    [
      ['token', '--make-keys', '--key', 'k', '--jwks', 'j', '--caller', 'x'],
      /--make-keys does not take --caller/,
    ],
  ])('say what is wrong with %j', async (args, words) => {
    const { code, stderr, stdout } = await run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
  });

  it('are processes that print what they answer, or what is wrong on one line', async () => {
    await using database = await createTestDatabase('auth');
    const env = { AUTH_DATABASE_URL: database.url };
    expect(await runMain(MAIN, env, ['grants', 'list'])).toEqual({
      code: 0,
      stdout: 'nothing is granted\n',
      stderr: '',
    });
    const args = ['grants', 'drop', 'booking'];
    const wrong = await runMain(MAIN, env, args);
    expect(wrong).toEqual(await run(args, env));
    expect(wrong.stderr).toMatch(/^.*say list, set or remove.*\n$/);
  });

  it('say that there is no database when neither a setting nor npm start has one', async () => {
    const { code, stderr } = await run(['grants', 'list'], { ROLLCALL_DATA_DIR: '/nowhere' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/AUTH_DATABASE_URL is not set.*run "npm start"/);
  });

  it('name npm start as the cure when its database does not answer, and no variable that is not set', async () => {
    const data = join(folder, crypto.randomUUID());
    await mkdir(data);
    await writeFile(join(data, 'postgres-secret'), 'secret\n');
    const { code, stderr } = await run(['grants', 'list'], { ROLLCALL_DATA_DIR: data, POSTGRES_PORT: '9' });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^No PostgreSQL of npm start answers \(.*:9\): run "npm start" in another terminal.*\n$/,
    );
  });

  it('write files into the folder where npm was started', async () => {
    const env = { npm_lifecycle_event: 'token', INIT_CWD: folder };
    const [key, jwks] = [crypto.randomUUID(), crypto.randomUUID()];
    const made = await run(['token', '--make-keys', '--key', key, '--jwks', jwks], env);
    expect(made.stdout).toContain(`wrote ${join(folder, key)} `);
    expect((await run(['token', '--caller', 'booking', '--key', key], env)).code).toBe(0);
  });

  it('list, replace and remove grants', async () => {
    await using database = await createTestDatabase('auth');
    const grants = (...args: string[]) => run(['grants', ...args], { AUTH_DATABASE_URL: database.url });
    expect((await grants('list')).stdout).toBe('nothing is granted\n');
    await grants('set', 'booking', '--methods', 'UserService/*', '--tenants', 'acme,demo', '--rate', '10.5');
    await grants(
      'set',
      'booking',
      '--methods',
      'UserService/GetUser',
      '--tenants',
      '*',
      '--views',
      'FULL',
      '--name',
      'b',
    );
    expect(JSON.parse((await grants('list', 'booking', '--json')).stdout)).toEqual([
      {
        caller: 'booking',
        name: 'b',
        methods: ['rollcall.user.v1.UserService/GetUser'],
        views: ['FULL'],
        tenants: ['*'],
        limits: { ratePerSecond: 0, burst: 0, concurrency: 0 },
      },
      {
        caller: 'booking',
        name: 'default',
        methods: ['rollcall.user.v1.UserService/*'],
        views: ['REFERENCE'],
        tenants: ['acme', 'demo'],
        limits: { ratePerSecond: 10.5, burst: 11, concurrency: 0 },
      },
    ]);
    expect((await grants('remove', 'booking', '--name', 'c')).stderr).toMatch(/has no grant "c"/);
    expect((await grants('remove', 'booking')).stdout).toBe('removed 2 of booking\n');
  });

  it('say that a database has no schema for them yet', async () => {
    await using database = await createTestDatabase('booking');
    const { code, stderr } = await run(['grants', 'list'], { AUTH_DATABASE_URL: database.url });
    expect([code, stderr]).toEqual([
      1,
      'The database of AUTH_DATABASE_URL has no schema yet: run npm run migrate\n',
    ]);
  });
});

async function writeTls(): Promise<NodeJS.ProcessEnv> {
  const server = authority.issue({ names: ['auth.test'] });
  const write = async (content: string) => {
    const path = join(folder, crypto.randomUUID());
    await writeFile(path, content);
    return path;
  };
  return {
    AUTH_TLS_CERT_FILE: await write(server.certificate),
    AUTH_TLS_KEY_FILE: await write(server.key),
    AUTH_TLS_CLIENT_CA_FILE: await write(authority.certificate),
  };
}
