import { randomUUID } from 'node:crypto';
import { startAuth } from '@rollcall/auth/testing';
import { BILLING_SETTINGS, createBillingService } from '@rollcall/billing';
import { BOOKING_SETTINGS, createBookingService } from '@rollcall/booking';
import { createBookingClient } from '@rollcall/booking-client';
import { PetService } from '@rollcall/contract/booking';
import { expectRefusal, freshTenant, seedUser } from '@rollcall/contract/testing';
import { createLogger, readConfig, Secret } from '@rollcall/runtime';
import { createPool, probeSessions } from '@rollcall/runtime/postgres';
import { createTestDatabase, query, TEST_KEYS, type TestDatabase } from '@rollcall/runtime/testing';
import { createServiceClient } from '@rollcall/transport';
import { createUserClient } from '@rollcall/user-client';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { createVendorService, VENDOR_SETTINGS } from '@rollcall/vendor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASES } from '../../../migrations/databases.ts';
import { migrateAsOwner } from '../../../migrations/migrate.ts';
import { startService } from '../testing/process.ts';
import { missingPgbouncer, type Pgbouncer, startPgbouncer } from './pgbouncer.test-support.ts';
import { asRole, busy, connect, inDozens, run } from './pooled.test-support.ts';

const missing = missingPgbouncer();
if (missing) process.stdout.write(`${missing}: its cases are left out.\n`);

const SERVICES = ['auth', 'booking', 'vendor', 'billing'] as const;
const CONSUMERS = [
  ['booking', (env: NodeJS.ProcessEnv) => createBookingService(readConfig(BOOKING_SETTINGS, env))],
  ['vendor', (env: NodeJS.ProcessEnv) => createVendorService(readConfig(VENDOR_SETTINGS, env))],
  ['billing', (env: NodeJS.ProcessEnv) => createBillingService(readConfig(BILLING_SETTINGS, env))],
] as const;
const SESSION_LOCKS = `select count(*)::int as n from pg_locks where locktype = 'advisory' and granted
  and database = (select oid from pg_database where datname = current_database())`;

const stack = new AsyncDisposableStack();
const databases = new Map<string, TestDatabase>();
let pooler: Pgbouncer;
const direct = (service: string) => databases.get(service)?.url ?? '';
const pooled = (service: string) => pooler.through(direct(service));

describe.runIf(!missing)('A6: behind pgbouncer in transaction mode', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    for (const service of SERVICES) databases.set(service, stack.use(await createTestDatabase(service)));
    pooler = stack.use(await startPgbouncer(SERVICES.map(direct)));
  });

  afterAll(() => stack.disposeAsync());

  it('A6: a service names the setting of a pooler, whether parameters are refused or dropped', async () => {
    await expect(startAuth({ databaseUrl: pooled('auth') })).rejects.toThrow(
      /connection pooler.*set AUTH_DATABASE_POOLED=true/,
    );
    const ignoring = { ignore_startup_parameters: 'statement_timeout,options' };
    await using lax = await startPgbouncer([direct('auth')], ignoring);
    await expect(startAuth({ databaseUrl: lax.through(direct('auth')) })).rejects.toThrow(
      /AUTH_DATABASE_POOLED=true/,
    );
  });

  it('A6: a pooler whose sessions have the timeouts by chance is found by its shared sessions', async () => {
    await using database = await createTestDatabase('auth');
    await setTimeouts('auth', database);
    await using lax = await startPgbouncer([database.url], {
      ignore_startup_parameters: 'statement_timeout',
    });
    await expect(startAuth({ databaseUrl: lax.through(database.url) })).rejects.toThrow(
      /^AUTH_DATABASE_URL leads to a connection pooler in transaction mode: set AUTH_DATABASE_POOLED=true/,
    );
  });

  it.each([1, 2, 5])(
    'A6: shared sessions are found with a pool of %i, taken in turn or not',
    async (size) => {
      for (const server_round_robin of [0, 1]) {
        const settings = { default_pool_size: size, server_round_robin };
        await using other = await startPgbouncer([direct('auth')], settings);
        const url = other.through(direct('auth'));
        await busy(url, size);
        expect(await probeSessions(new Secret(url))).toEqual({ isShared: true, keepsStatements: true });
      }
    },
  );

  it('A6: a session of its own is told from a shared one', async () => {
    await using session = await startPgbouncer([direct('auth')], { pool_mode: 'session' });
    const own = { isShared: false, keepsStatements: true };
    expect(await probeSessions(new Secret(direct('auth')))).toEqual(own);
    expect(await probeSessions(new Secret(session.through(direct('auth'))))).toEqual(own);
  });

  it('A6: a service refuses a pooler that forgets prepared statements', async () => {
    await using database = await createTestDatabase('auth');
    await setTimeouts('auth', database);
    await using forgetful = await startPgbouncer([database.url], { max_prepared_statements: 0 });
    const url = forgetful.through(database.url);
    await expect(startAuth({ databaseUrl: url, env: { AUTH_DATABASE_POOLED: 'true' } })).rejects.toThrow(
      /^The pooler of AUTH_DATABASE_URL forgets prepared statements: .*max_prepared_statements = 200/,
    );
  });

  it('A6: auth starts only where its timeouts are active, and migrations set them', async () => {
    const env = { AUTH_DATABASE_POOLED: 'true' };
    await expect(startAuth({ databaseUrl: pooled('auth'), env })).rejects.toThrow(
      /^Statement timeouts are not active at AUTH_DATABASE_URL: .* is 0 ms .* 1 to 3000 ms\. .*npm run migrate -- auth.*AUTH_DATABASE_DIRECT_URL.*alter database/,
    );
    await asRole(direct('auth'), `set statement_timeout = '5s'`);
    await using late = await startPgbouncer([direct('auth')]);
    await expect(startAuth({ databaseUrl: late.through(direct('auth')), env })).rejects.toThrow(
      /is 5000 ms .* 1 to 3000 ms/,
    );
    await asRole(direct('auth'), 'reset statement_timeout');
    const ran = await migrate('auth', {
      AUTH_DATABASE_URL: pooled('auth'),
      AUTH_DATABASE_DIRECT_URL: direct('auth'),
      AUTH_DATABASE_OWNER_URL: databases.get('auth')?.ownerUrl,
      ...env,
    });
    expect(ran).toEqual({ code: 0, output: 'auth: up to date\n' });
    // The sessions of the pooler from before are gone, so that the same pooler serves.
    await using auth = await startAuth({ databaseUrl: pooled('auth'), env });
    expect(auth.grpcPort).toBeGreaterThan(0);
  });

  it('A6: migrations refuse the pooler before they take a lock, and name the cure', async () => {
    const ran = await migrate('auth', { AUTH_DATABASE_URL: pooled('auth') });
    expect(ran.code).toBe(1);
    expect(ran.output).toMatch(
      /^AUTH_DATABASE_URL leads to a connection pooler in transaction mode.*: set AUTH_DATABASE_DIRECT_URL to the database itself\n$/,
    );
    const named = { AUTH_DATABASE_DIRECT_URL: pooled('auth') };
    expect((await migrate('auth', named)).output).toContain('let AUTH_DATABASE_DIRECT_URL name the database');
    expect(await query(direct('auth'), SESSION_LOCKS)).toEqual([{ n: 0 }]);
    expect(await migrate('auth', { AUTH_DATABASE_URL: direct('auth') })).toMatchObject({ code: 0 });
  });

  it('A6: calls and watches work over several sessions, and statements are ended in time', async () => {
    await setTimeouts('auth');
    await using auth = await startAuth({
      databaseUrl: pooled('auth'),
      env: { AUTH_DATABASE_POOLED: 'true' },
    });
    const address = auth.address;
    using admin = createUserAdminClient({ address, defaultTimeoutMs: 20_000 });
    await using users = createUserClient({ address, timeoutMs: 20_000 });
    const tenantId = freshTenant();
    // A dozen at a time: what more waits longer for a connection than the service lets it, where the machine
    // is busy.
    const created = await inDozens(Array.from({ length: 60 }), (_, n) =>
      seedUser({ admin }, tenantId, { firstName: `Name${n}` }),
    );
    const updateMask = { paths: ['first_name'] };
    await inDozens(created, ({ id }, n) =>
      admin.updateUser({ tenantId, user: { id, firstName: `New${n}` }, updateMask }),
    );
    await expect
      .poll(
        async () => {
          const found = await Promise.all(created.map(({ id }) => users.forTenant(tenantId).lookup(id)));
          return found.filter((each) => each.outcome === 'found' && each.user.displayName.startsWith('New'))
            .length;
        },
        { timeout: 20_000 },
      )
      .toBe(60);
    const sessions = await query(
      direct('auth'),
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    expect((sessions as { n: number }[])[0]?.n).toBeGreaterThan(1);

    // The timeout, not the caller, ends a write that waits for a lock.
    await using holder = await connect(direct('auth'));
    const [first] = created;
    await holder.client.query('begin');
    await holder.client.query('select 1 from users where id = $1 for update', [first?.id]);
    await expectRefusal(
      admin.updateUser(
        { tenantId, user: { id: first?.id ?? '', firstName: 'Late' }, updateMask },
        { timeoutMs: 20_000 },
      ),
      { code: 'Unavailable', reason: 'DATABASE_UNAVAILABLE' },
    );
  });

  it('A6: a slow statement of a pooled pool is cancelled', async () => {
    const logger = createLogger({ service: 'test', level: 'silent' });
    const url = new Secret(pooled('auth'));
    const pool = createPool({ url, isPooled: true, maxConnections: 3, statementTimeoutMs: 3000, logger });
    await expect(pool.query('select pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
    await pool.end();
  });

  it.each(CONSUMERS)(
    'A6: %s asks for the database itself for its outbox, and then serves',
    async (service, open) => {
      const prefix = service.toUpperCase();
      const variable = `${prefix}_DATABASE_DIRECT_URL`;
      const openWith = (directUrl: string) =>
        open({
          ...{ [`${prefix}_DATABASE_URL`]: pooled(service), [`${prefix}_DATABASE_POOLED`]: 'true' },
          ...{ [variable]: directUrl, [`${prefix}_GRPC_PORT`]: '0', [`${prefix}_HTTP_PORT`]: '0' },
          ...{ AUTH_ADDRESS: '127.0.0.1:1', LOG_LEVEL: 'silent' },
        });
      await setTimeouts(service);
      await expect(openWith('')).rejects.toThrow(
        `${prefix}_DATABASE_POOLED is true, and the outbox needs sessions of its own: set ${variable}`,
      );
      await expect(openWith(pooled(service))).rejects.toThrow(`${variable} leads to a connection pooler`);
      await expect(openWith(direct('auth'))).rejects.toThrow(
        `${prefix}_DATABASE_URL and ${variable} lead to different databases`,
      );
      await using started = await openWith(direct(service));
      const ready = await fetch(`http://127.0.0.1:${started.servers.http.port}/readyz`);
      expect(ready.status).toBe(200);
    },
  );

  it('A6: booking serves its calls and does its jobs', async () => {
    const access = (service: string) => {
      const prefix = service.toUpperCase();
      return {
        [`${prefix}_DATABASE_URL`]: pooled(service),
        [`${prefix}_DATABASE_POOLED`]: 'true',
        [`${prefix}_DATABASE_DIRECT_URL`]: direct(service),
      };
    };
    for (const service of ['auth', 'booking']) await setTimeouts(service);
    await using auth = await startService('auth', access('auth'));
    const AUTH_ADDRESS = `127.0.0.1:${auth.grpcPort}`;
    await using booking = await startService('booking', { ...access('booking'), AUTH_ADDRESS });
    using admin = createUserAdminClient({ address: AUTH_ADDRESS, defaultTimeoutMs: 20_000 });
    using bookings = createBookingClient({
      address: `127.0.0.1:${booking.grpcPort}`,
      defaultTimeoutMs: 20_000,
    });
    const tenantId = freshTenant();
    const { id: userId } = await seedUser({ admin }, tenantId, { firstName: 'Booker' });
    const dates = { startDate: '2026-05-01', endDate: '2026-05-03' };
    await Promise.all(
      Array.from({ length: 20 }, () => bookings.createBooking({ tenantId, booking: { ...dates, userId } })),
    );
    expect((await bookings.listBookings({ tenantId })).bookings).toHaveLength(20);
    // By MikroORM, which has connections of its own.
    using pets = createServiceClient(PetService, {
      address: `127.0.0.1:${booking.grpcPort}`,
      defaultTimeoutMs: 20_000,
    });
    await Promise.all(
      Array.from({ length: 8 }, () =>
        pets.createPet({ tenantId, requestId: randomUUID(), pet: { userId, name: 'Rex', species: 'dog' } }),
      ),
    );
    expect((await pets.listPets({ tenantId })).pets).toHaveLength(8);
    const statistics = async () => {
      const [user] = await query(
        direct('auth'),
        `select total_bookings::int as n from user_statistics where tenant_id = '${tenantId}'`,
      ).catch(() => []);
      return (user as { n?: number } | undefined)?.n;
    };
    await expect.poll(statistics, { timeout: 20_000 }).toBe(20);
  });

  it('A6: commands work through the pooler, and name its setting where that is missing', async () => {
    await setTimeouts('auth');
    const list = (env: NodeJS.ProcessEnv) => run('services/auth/commands/main.ts', ['grants', 'list'], env);
    const url = { AUTH_DATABASE_URL: pooled('auth') };
    expect((await list(url)).output).toMatch(/connection pooler .*: set AUTH_DATABASE_POOLED=true/);
    expect(await list({ ...url, AUTH_DATABASE_POOLED: 'true' })).toMatchObject({ code: 0 });
    const feed = { ...url, AUTH_DATABASE_POOLED: 'true' };
    expect(await run('services/auth/feed/main.ts', ['show'], feed)).toMatchObject({ code: 0 });
  });

  it('A6: replicas are held to the setting too, and may be away', async () => {
    await setTimeouts('auth');
    await using database = await createTestDatabase('auth');
    const replicas = (url: string) => ({ AUTH_DATABASE_REPLICA_URLS: url });
    const refused = startAuth({ databaseUrl: direct('auth'), env: replicas(pooled('auth')) });
    await expect(refused).rejects.toThrow(/^AUTH_DATABASE_REPLICA_URLS leads to a connection pooler/);
    const env = { AUTH_DATABASE_POOLED: 'true' };
    await expect(
      startAuth({ databaseUrl: pooled('auth'), env: { ...env, ...replicas(pooler.through(database.url)) } }),
    ).rejects.toThrow(/^Statement timeouts are not active at AUTH_DATABASE_REPLICA_URLS/);
    await using auth = await startAuth({
      databaseUrl: pooled('auth'),
      env: { ...env, ...replicas('postgres://u:p@127.0.0.1:1/auth') },
    });
    expect(auth.grpcPort).toBeGreaterThan(0);
  });

  it('A6: npm run sample refuses the pooler', async () => {
    const env = { ...TEST_KEYS, AUTH_DATABASE_URL: pooled('auth') };
    const ran = await run('services/local/seed-users/main.ts', ['--users', '5'], env);
    expect(ran.output).toContain('AUTH_DATABASE_URL leads to a connection pooler in transaction mode');
    expect(ran.code).toBe(1);
  });
});

/** As `npm run migrate` does for a database behind a pooler. */
async function setTimeouts(service: string, of = databases.get(service)): Promise<void> {
  const database = DATABASES[service];
  if (!database || !of) return;
  const variable = database.variable.replace('_URL', '_DIRECT_URL');
  const addresses = { url: new Secret(of.url), ownerUrl: new Secret(of.ownerUrl) };
  await migrateAsOwner({ ...database, variable }, { ...addresses, isPooled: true });
}

const migrate = (service: string, env: NodeJS.ProcessEnv) => run('migrations/main.ts', [service], env);
