import { createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { PaymentService } from '@rollcall/contract/billing';
import { BookingService } from '@rollcall/contract/booking';
import { Health, HealthCheckResponse_ServingStatus as Serving } from '@rollcall/contract/health';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { VendorService } from '@rollcall/contract/vendor';
import { createTestDatabase, openTcpProxy } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { startService } from '../testing/process.ts';

const SERVICES = ['auth', 'booking', 'vendor', 'billing'] as const;

/** A service over a database that can be taken away and given back. */
async function open(name: (typeof SERVICES)[number], env: NodeJS.ProcessEnv = {}) {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase(name));
  const url = new URL(database.url);
  const proxy = stack.use(await openTcpProxy({ host: url.hostname, port: Number(url.port) }));
  url.port = String(proxy.port);
  const prefix = name.toUpperCase();
  const service = stack.use(await startService(name, { [`${prefix}_DATABASE_URL`]: url.href, ...env }));
  const transport = stack.use(
    createGrpcTransport({ address: `127.0.0.1:${service.grpcPort}`, defaultTimeoutMs: 20_000 }),
  );
  const readyz = async () => (await fetch(`http://127.0.0.1:${service.httpPort}/readyz`)).status;
  const httpTransport = createConnectTransport({
    baseUrl: `http://127.0.0.1:${service.httpPort}`,
    httpVersion: '1.1',
  });
  const opened = stack.move();
  return { proxy, transport, httpTransport, readyz, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const OWN: Readonly<Record<(typeof SERVICES)[number], string>> = {
  auth: UserService.typeName,
  booking: BookingService.typeName,
  vendor: VendorService.typeName,
  billing: PaymentService.typeName,
};

/** What one watch of a service's health has told so far. */
function watch(transport: Transport, service: string, signal: AbortSignal) {
  const told: Serving[] = [];
  const read = async () => {
    const answers = createClient(Health, transport).watch({ service }, { signal, timeoutMs: 60_000 });
    for await (const { status } of answers) told.push(status);
  };
  const ended = read().catch(() => {});
  return { told, ended };
}

describe.each(SERVICES)('%s', (name) => {
  it('watch-health: tells who watches when its database goes or hangs, and when it is back, at both ports and of each service', {
    timeout: 60_000,
  }, async () => {
    await using test = await open(name);
    const leaving = new AbortController();
    const watches = [test.transport, test.httpTransport].flatMap((transport) =>
      ['', OWN[name]].map((service) => watch(transport, service, leaving.signal)),
    );
    const expectAll = (...told: Serving[]) =>
      expect
        .poll(() => watches.map((each) => each.told), { timeout: 20_000 })
        .toEqual(watches.map(() => told));
    const check = async () => (await createClient(Health, test.transport).check({})).status;
    const { SERVING, NOT_SERVING } = Serving;
    await expectAll(SERVING);
    await test.proxy.cut();
    await expectAll(SERVING, NOT_SERVING);
    expect([await check(), await test.readyz()]).toEqual([NOT_SERVING, 503]);
    await test.proxy.mend();
    await expectAll(SERVING, NOT_SERVING, SERVING);
    expect([await check(), await test.readyz()]).toEqual([SERVING, 200]);
    test.proxy.freeze();
    await expectAll(SERVING, NOT_SERVING, SERVING, NOT_SERVING);
    await test.proxy.mend();
    await expectAll(SERVING, NOT_SERVING, SERVING, NOT_SERVING, SERVING);
    leaving.abort();
    await Promise.all(watches.map(({ ended }) => ended));
  });
});

describe('auth', () => {
  it('B3: is ready and serves calls while everybody asks for its health', { timeout: 60_000 }, async () => {
    await using test = await open('auth', { AUTH_DATABASE_CONNECTIONS: '1', AUTH_CACHED_USERS: '0' });
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin: createClient(UserAdminService, test.transport) }, tenantId);
    const health = createClient(Health, test.transport);
    const flood = Array.from({ length: 300 }, () => health.list({}));
    const users = createClient(UserService, test.transport);
    const calls = Array.from({ length: 30 }, () => users.getUser({ tenantId, id }));
    expect(await test.readyz()).toBe(200);
    expect((await Promise.all(calls)).map(({ user }) => user?.id)).toEqual(Array(30).fill(id));
    for (const { statuses } of await Promise.all(flood))
      expect(new Set(Object.values(statuses).map(({ status }) => status))).toEqual(
        new Set([Serving.SERVING]),
      );
  });
});
