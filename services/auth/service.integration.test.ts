import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { expectRefusal, freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserAdminService, UserService, WatchUsersRequestSchema } from '@rollcall/contract/user';
import { StartupError } from '@rollcall/runtime';
import { createTestDatabase, openTcpProxy, query } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { startAuth } from './testing/start-auth.ts';

describe('the auth service', () => {
  it('tells its watchers that it drains, and does not wait for them', async () => {
    await using auth = await startAuth();
    using transport = createGrpcTransport({ address: auth.address });
    const users = createClient(UserService, transport);
    const begun = Promise.withResolvers<void>();
    const watch = async () => {
      for await (const _ of users.watchUsers({ tenantIds: ['demo'] })) begun.resolve();
    };
    const watching = watch();
    await begun.promise;
    const closed = auth.service[Symbol.asyncDispose]();
    await expectRefusal(watching, { code: 'Unavailable', reason: 'DRAINING' });
    await closed;
  });

  it('B10: takes 500 watches at once, which wait for their turn to be opened', async () => {
    await using auth = await startAuth();
    using transport = createGrpcTransport({ address: auth.address });
    const users = createClient(UserService, transport);
    const stop = new AbortController();
    const open = async (n: number) => {
      const watch = users.watchUsers({ tenantIds: [`t-${n}`] }, { signal: stop.signal });
      for await (const { checkpoint } of watch) return checkpoint?.cursor !== '';
    };
    const opened = await Promise.allSettled(Array.from({ length: 500 }, (_, n) => open(n)));
    stop.abort();
    expect(opened.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(opened).toHaveLength(500);
  });

  it('B10: ends a watch that waits to be opened at its deadline, and counts it so', async () => {
    await using test = await startBehindProxy();
    const { auth, proxy, metrics } = test;
    proxy.freeze();
    // Without a timer of its own, so that the service ends it.
    const session = connectHttp2(`http://${auth.address}`);
    const watch = async () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/rollcall.user.v1.UserService/WatchUsers',
        'content-type': 'application/grpc',
        'grpc-timeout': '300m',
        te: 'trailers',
      });
      const request = toBinary(
        WatchUsersRequestSchema,
        create(WatchUsersRequestSchema, { tenantIds: ['demo'] }),
      );
      stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request])).resume();
      const [end] = await once(stream, 'trailers');
      return end['grpc-status'];
    };
    expect(await Promise.all(Array.from({ length: 10 }, watch))).toEqual(Array(10).fill('4'));
    session.destroy();
    await expect
      .poll(metrics)
      .toMatch(/rollcall_rpc_duration_seconds_count\{[^}]*WatchUsers[^}]*code="DEADLINE_EXCEEDED"[^}]*\} 10/);
    await proxy.mend();
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
    const error = await startAuth({ databaseUrl: url.href }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartupError);
    expect((error as Error).message).toContain(words);
    expect((error as Error).message).not.toContain('\n');
    expect((error as Error).message).not.toContain(url.password);
  });

  it('says how to migrate a database that has no schema', async () => {
    await using database = await createTestDatabase('auth');
    await query(database.ownerUrl, 'drop table mikro_orm_migrations');
    await expect(startAuth({ databaseUrl: database.url })).rejects.toThrow(
      'has no schema yet: run npm run migrate',
    );
  });
});

// Starts the service with a proxy between it and its database, which can break.
async function startBehindProxy() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const url = new URL(database.url);
  const proxy = stack.use(await openTcpProxy({ host: url.hostname, port: Number(url.port) }));
  url.port = String(proxy.port);
  const auth = stack.use(await startAuth({ databaseUrl: url.href }));
  const { baseUrl, metrics } = auth;
  const transport = createConnectTransport({ baseUrl, httpVersion: '1.1' });
  const closers = stack.move();
  return {
    proxy,
    auth,
    users: createClient(UserService, transport),
    admin: createClient(UserAdminService, transport),
    ready: async () => (await fetch(`${baseUrl}/readyz`)).status,
    metrics,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}
