import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import dns from 'node:dns';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { createTestDatabase, type TestDatabase } from '@rollcall/runtime/testing';
import { createUserClient, type UserClient, type UserClientOptions } from '@rollcall/user-client';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ServiceProcess, startService } from '../testing/process.ts';
import { openFaultyProxy, readDuring, shown } from './faults.test-support.ts';

// The user service as processes of its own, and the real client. An unhandled rejection anywhere fails the
// run.

const LIMIT = { timeout: 60_000 };
/** Within this, a client must have found a service that is back. */
const BACK = { timeout: 20_000, interval: 50 };
const STRANGER = randomUUID();

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('auth');
});
afterAll(() => database[Symbol.asyncDispose]());

let opened: AsyncDisposableStack;
let auth: ServiceProcess;
let tenantId: string;
let known: string[];
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  auth = await startAuth();
  tenantId = freshTenant();
  const admin = opened.use(createUserAdminClient({ address: addressOf(auth) }));
  const seeds = Array.from({ length: 10 }, () => seedUser({ admin }, tenantId));
  known = (await Promise.all(seeds)).map(({ id }) => id);
});
afterEach(() => opened.disposeAsync());

async function startAuth(env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
  return opened.use(await startService('auth', { AUTH_DATABASE_URL: database.url, ...env }));
}

function restartAuth(): Promise<ServiceProcess> {
  return startAuth({ AUTH_GRPC_PORT: String(auth.grpcPort) });
}

function addressOf({ grpcPort }: { grpcPort: number }): string {
  return `127.0.0.1:${grpcPort}`;
}

/** A client that asks for each read, and knows the ten users. */
async function openWarm(options: Partial<UserClientOptions> = {}): Promise<UserClient> {
  const users = opened.use(
    createUserClient({
      address: addressOf(auth),
      tenantId,
      ttlMs: 0,
      missingTtlMs: 0,
      timeoutMs: 500,
      ...options,
    }),
  );
  await expect.poll(() => sources(users, known), BACK).toEqual(['found by service']);
  return users;
}

/** The different outcomes of these ids. */
async function sources(users: UserClient, ids: readonly string[]): Promise<string[]> {
  return [...new Set((await users.lookupMany(ids)).map(shown))];
}

/** Changes a known user through another process of the service, on the same database. */
async function changeElsewhere(): Promise<bigint> {
  await using other = await startService('auth', { AUTH_DATABASE_URL: database.url });
  using admin = createUserAdminClient({ address: addressOf(other), defaultTimeoutMs: 10_000 });
  const { user } = await admin.updateUser({
    tenantId,
    user: { id: known[0] as string, firstName: 'Changed' },
    updateMask: { paths: ['first_name'] },
  });
  return user?.version ?? 0n;
}

/** Every known id is answered from before the outage, and an unknown one is not said to be missing. */
async function expectDegraded(users: UserClient): Promise<void> {
  expect(await sources(users, known)).toEqual(['found by stale']);
  expect(await sources(users, [STRANGER])).toEqual(['unavailable']);
}

/** Everything is answered by the service again. */
async function expectFresh(users: UserClient): Promise<void> {
  await expect.poll(() => sources(users, known), BACK).toEqual(['found by service']);
  await expect.poll(() => sources(users, [STRANGER]), BACK).toEqual(['missing']);
}

describe('the user client, while its service', () => {
  it(
    'is killed, answers all it knows, calls nobody missing, and is fresh after the return',
    LIMIT,
    async () => {
      const users = await openWarm();
      let version = 0n;
      const { seen } = await readDuring(users, [...known, STRANGER], async () => {
        await auth.kill('SIGKILL');
        await expect.poll(() => users.stats().breaker, BACK).toBe('open');
        await expectDegraded(users);
        version = await changeElsewhere();
        await expectDegraded(users);
      });
      expect(Object.keys(seen).filter((what) => what.startsWith('thrown'))).toEqual([]);
      expect(seen['found by stale']).toBeGreaterThan(100);
      await restartAuth();
      await expectFresh(users);
      expect(await users.getUser(known[0] as string)).toMatchObject({ version, firstName: 'Changed' });
      expect(users.stats().breaker).toBe('closed');
    },
  );

  it(
    'is stopped like a machine that hangs, waits no longer than its deadline, and is fresh after',
    LIMIT,
    async () => {
      const users = await openWarm({ timeoutMs: 200, keepAliveMs: 500, keepAliveTimeoutMs: 200 });
      process.kill(auth.pid, 'SIGSTOP');
      opened.defer(() => void process.kill(auth.pid, 'SIGCONT'));
      for (let i = 0; i < 15; i++) await expectDegraded(users);
      expect(users.stats().breaker).not.toBe('closed');
      process.kill(auth.pid, 'SIGCONT');
      await expectFresh(users);
    },
  );

  it('forgets its connections (RST), asks again over new ones', LIMIT, async () => {
    const proxy = opened.use(await openFaultyProxy(auth.grpcPort));
    const users = await openWarm({ address: addressOf({ grpcPort: proxy.port }), timeoutMs: 2_000 });
    const { seen } = await readDuring(users, known, async () => {
      for (let i = 0; i < 20; i++) {
        proxy.reset();
        await sleep(50);
      }
    });
    expect(Object.keys(seen).filter((what) => !what.startsWith('found by'))).toEqual([]);
    await expectFresh(users);
  });

  it(
    'is slow beyond the deadline, answers what it knows, and is fresh when it is quick again',
    LIMIT,
    async () => {
      const proxy = opened.use(await openFaultyProxy(auth.grpcPort));
      const users = await openWarm({ address: addressOf({ grpcPort: proxy.port }), timeoutMs: 300 });
      proxy.delayMs = 1_000;
      for (let i = 0; i < 10; i++) await expectDegraded(users);
      proxy.delayMs = 0;
      await expectFresh(users);
    },
  );

  it('is restarted under load with a farewell (GOAWAY), answers every known id', LIMIT, async () => {
    const users = await openWarm();
    const { seen } = await readDuring(users, known, async () => {
      await sleep(200);
      await auth.kill('SIGTERM');
      await restartAuth();
      await sleep(200);
    });
    expect(Object.keys(seen).filter((what) => !what.startsWith('found by'))).toEqual([]);
    await expectFresh(users);
  });
});

describe('the user client of two servers', () => {
  it('loses no read when one is killed', LIMIT, async () => {
    const other = await startAuth();
    const users = await openWarm({ address: `${addressOf(auth)},${addressOf(other)}`, timeoutMs: 10_000 });
    const { seen, causes } = await readDuring(users, known, async () => {
      await sleep(300);
      await auth.kill('SIGKILL');
      await sleep(700);
    });
    expect(Object.keys(seen), [...causes].join()).toEqual(['found by service']);
  });

  it('loses no read while both are restarted, one after the other', LIMIT, async () => {
    const other = await startAuth();
    const users = await openWarm({
      address: `${addressOf(auth)},${addressOf(other)}`,
      timeoutMs: 10_000,
      maxReconnectBackoffMs: 300,
    });
    const { seen, causes } = await readDuring(users, known, async () => {
      for (const server of [auth, other]) {
        await sleep(200);
        expect(await server.kill('SIGTERM')).toBe(0);
        await startAuth({ AUTH_GRPC_PORT: String(server.grpcPort) });
        // Longer than the client waits before it tries an address again.
        await sleep(1_000);
      }
    });
    expect(Object.keys(seen), [...causes].join()).toEqual(['found by service']);
  });

  it('reads on where one hangs, by hedging', LIMIT, async () => {
    const other = await startAuth();
    const users = await openWarm({
      address: `${addressOf(auth)},${addressOf(other)}`,
      timeoutMs: 10_000,
      hedgeAfterMs: 100,
    });
    // Each read that goes well saves a tenth of a hedge.
    for (let i = 0; i < 120; i++) await users.lookup(known[0] as string);
    process.kill(other.pid, 'SIGSTOP');
    opened.defer(() => void process.kill(other.pid, 'SIGCONT'));
    for (let i = 0; i < 8; i++) expect(await sources(users, known)).toEqual(['found by service']);
  });
});

describe('the user client', () => {
  it('follows a name to another address when the first one is gone', LIMIT, async () => {
    const addresses = ['127.0.0.1'];
    const lookup = vi.spyOn(dns.promises, 'lookup');
    opened.defer(() => lookup.mockRestore());
    lookup.mockImplementation((async () =>
      addresses.map((address) => ({ address, family: 4 }))) as unknown as typeof dns.promises.lookup);
    const users = await openWarm({ address: `localhost:${auth.grpcPort}` });
    await startAuth({ AUTH_HOST: '127.0.0.2', AUTH_GRPC_PORT: String(auth.grpcPort) });
    addresses.splice(0, 1, '127.0.0.2');
    await auth.kill('SIGKILL');
    await expectFresh(users);
  });

  it('makes nothing older or younger when the machine’s clock jumps', LIMIT, async () => {
    const proxy = opened.use(await openFaultyProxy(auth.grpcPort));
    const users = await openWarm({
      address: addressOf({ grpcPort: proxy.port }),
      ttlMs: 600_000,
      timeoutMs: 5_000,
    });
    const real = Date.now;
    const jump = vi.spyOn(Date, 'now');
    opened.defer(() => jump.mockRestore());
    for (const byMs of [7 * 86_400_000, -7 * 86_400_000]) {
      jump.mockImplementation(() => real() + byMs);
      expect(await sources(users, known)).toEqual(['found by cache']);
      const [lookup] = await users.lookupMany(known);
      expect(lookup).toMatchObject({ ageMs: expect.any(Number) });
      expect((lookup as { ageMs: number }).ageMs).toBeLessThan(60_000);
      users.invalidate(known[0] as string);
      expect(await sources(users, known.slice(0, 1))).toEqual(['found by service']);
      // While a read is on its way, back to the right time and away again.
      proxy.delayMs = 300;
      users.invalidate(known[0] as string);
      const slow = sources(users, known.slice(0, 1));
      await sleep(100);
      jump.mockImplementation(() => real() - byMs);
      expect(await slow).toEqual(['found by service']);
      proxy.delayMs = 0;
    }
  });

  it('leaves nothing open that keeps a program from ending, after an outage too', LIMIT, async () => {
    const script = new URL('./exit-by-itself.test-support.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, addressOf(auth), tenantId, known[0] as string, STRANGER], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    opened.defer(() => void child.kill('SIGKILL'));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const exited = once(child, 'exit');
    await expect.poll(() => output, BACK).toContain('warm');
    await auth.kill('SIGKILL');
    expect(await exited).toEqual([0, null]);
    expect(output).toBe('warm\nfound unavailable\n');
  });
});
