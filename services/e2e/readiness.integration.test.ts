import { createClient } from '@connectrpc/connect';
import { Health, HealthCheckResponse_ServingStatus as Serving } from '@rollcall/contract/health';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { createTestDatabase, openTcpProxy } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { startService } from './process.test-support.ts';

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
  const opened = stack.move();
  return { proxy, transport, readyz, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

describe.each(SERVICES)('%s', (name) => {
  it('B3: tells who watches its health when the database goes, and when it is back', {
    timeout: 60_000,
  }, async () => {
    await using test = await open(name);
    const seen: Serving[] = [];
    for await (const { status } of createClient(Health, test.transport).watch({}, { timeoutMs: 60_000 })) {
      seen.push(status);
      if (seen.length === 1) await test.proxy.cut();
      if (seen.length === 2) {
        expect(await test.readyz()).toBe(503);
        await test.proxy.mend();
      }
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([Serving.SERVING, Serving.NOT_SERVING, Serving.SERVING]);
    expect(await test.readyz()).toBe(200);
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
