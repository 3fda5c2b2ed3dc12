import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { expectRefusal, freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { readConfig, StartupError } from '@rollcall/runtime';
import { createTestDatabase, openTcpProxy, query, TEST_KEYS } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { AUTH_SETTINGS, type AuthConfig, createAuthService } from './index.ts';

function configFor(url: string): AuthConfig {
  return readConfig(AUTH_SETTINGS, {
    AUTH_DATABASE_URL: url,
    ...TEST_KEYS,
    AUTH_GRPC_PORT: '0',
    AUTH_HTTP_PORT: '0',
    AUTH_DATABASE_CONNECTIONS: '3',
    LOG_LEVEL: 'silent',
  });
}

describe('the auth service', () => {
  it('tells its watchers that it drains, and does not wait for them', async () => {
    await using database = await createTestDatabase('auth');
    const auth = await createAuthService(configFor(database.url));
    using transport = createGrpcTransport({ address: `127.0.0.1:${auth.doors.grpc.port}` });
    const users = createClient(UserService, transport);
    const begun = Promise.withResolvers<void>();
    const watch = async () => {
      for await (const _ of users.watchUsers({ tenantIds: ['demo'] })) begun.resolve();
    };
    const watching = watch();
    await begun.promise;
    const closed = auth[Symbol.asyncDispose]();
    await expectRefusal(watching, { code: 'Unavailable', reason: 'DRAINING' });
    await closed;
  });

  it('answers DATABASE_UNAVAILABLE while its database is away, is not ready, and recovers by itself', async () => {
    await using test = await startBehindProxy();
    const { users, admin, proxy, ready } = test;
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId);
    const refusal = { code: 'Unavailable', reason: 'DATABASE_UNAVAILABLE' } as const;

    await proxy.cut();
    expect(await ready()).toBe(503);
    await expectRefusal(users.getUser({ tenantId, id }), refusal);
    await expectRefusal(admin.createUser({ tenantId, user: {} }), refusal);

    await proxy.mend();
    await expect.poll(ready).toBe(200);
    expect((await users.getUser({ tenantId, id })).user?.id).toBe(id);
    expect((await seedUser({ admin }, tenantId)).version).toBe(1n);
  });

  it('keeps to the deadline while the database swallows everything, and recovers by itself', async () => {
    await using test = await startBehindProxy();
    const { users, admin, proxy, ready } = test;
    const tenantId = freshTenant();
    const { id } = await seedUser({ admin }, tenantId);

    proxy.freeze();
    await expect(users.getUser({ tenantId, id }, { timeoutMs: 200 })).rejects.toThrow(/deadline_exceeded/);
    expect(await ready()).toBe(503);
    await proxy.mend();
    await expect.poll(ready).toBe(200);
    expect((await users.getUser({ tenantId, id })).user?.id).toBe(id);
  });

  it.each([
    [
      'is not there',
      (url: URL) => (url.pathname += '_nope'),
      'does not exist: create it, or correct AUTH_DATABASE_URL',
    ],
    [
      'refuses the password',
      (url: URL) => (url.password = 'wrong'),
      'refuses the user or password: correct AUTH_DATABASE_URL',
    ],
    ['does not answer', (url: URL) => (url.port = '1'), 'does not answer'],
  ])('says in one line that the database %s', async (_, spoil, words) => {
    await using database = await createTestDatabase('auth');
    const url = new URL(database.url);
    spoil(url);
    const error = await createAuthService(configFor(url.href)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartupError);
    expect((error as Error).message).toContain(words);
    expect((error as Error).message).not.toContain('\n');
    expect((error as Error).message).not.toContain(url.password);
  });

  it('says how to migrate a database that has no schema', async () => {
    await using database = await createTestDatabase('auth');
    await query(database.ownerUrl, 'drop table mikro_orm_migrations');
    await expect(createAuthService(configFor(database.url))).rejects.toThrow(
      'has no schema yet: run npm run migrate',
    );
  });
});

// The service, and between it and its database a proxy to pull the plug of.
async function startBehindProxy() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const url = new URL(database.url);
  const proxy = stack.use(await openTcpProxy({ host: url.hostname, port: Number(url.port) }));
  url.port = String(proxy.port);
  const auth = stack.use(await createAuthService(configFor(url.href)));
  const baseUrl = `http://127.0.0.1:${auth.doors.http.port}`;
  const transport = createConnectTransport({ baseUrl, httpVersion: '1.1' });
  const closers = stack.move();
  return {
    proxy,
    users: createClient(UserService, transport),
    admin: createClient(UserAdminService, transport),
    ready: async () => (await fetch(`${baseUrl}/readyz`)).status,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}
