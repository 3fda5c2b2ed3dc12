import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { RetryInfoSchema } from '@rollcall/contract';
import { Health, HealthCheckResponse_ServingStatus as Serving } from '@rollcall/contract/health';
import { ServerReflection } from '@rollcall/contract/reflection';
import { expectRefusal } from '@rollcall/contract/testing';
import {
  GetUserResponseSchema,
  UserService,
  UserView,
  WatchUsersResponseSchema,
} from '@rollcall/contract/user';
import { createTestAuthority, type TestCertificate } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../callers/audit-log.ts';
import { type AccessTable, accessFrom, type Grant, type Grants, indexGrants } from '../callers/grants.ts';
import { createTokenVerifier, watchKeys } from '../callers/service-token.ts';
import { watchTls } from '../callers/tls-material.ts';
import { makeKeyPair, mintToken } from '../callers/token-keys.ts';
import { implementService } from './route.ts';
import { startTestServers, type TestServers } from './servers.test-support.ts';

const BOOKING = 'spiffe://example.org/booking';
const REQUEST = { tenantId: 'demo', id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };
const grant: Grant = {
  caller: BOOKING,
  name: 'default',
  methods: [`${UserService.typeName}/*`],
  views: ['REFERENCE', 'BASIC'],
  tenants: ['demo'],
  limits: { ratePerSecond: 0, burst: 0, concurrency: 0 },
};

const byView = {
  tenants: (request: { tenantId: string }) => [request.tenantId],
  view: (request: { view: UserView }) => (request.view > UserView.BASIC ? 'FULL' : 'REFERENCE'),
  isAudited: (request: { view: UserView }) => request.view > UserView.REFERENCE,
};
const TABLE = {
  getUser: { ...byView, ids: ({ id }) => [id] },
  batchGetUsers: { ...byView, ids: ({ ids }) => ids },
  resolveUsers: { ...byView, ids: () => [] },
  watchUsers: {
    tenants: ({ tenantIds }) => tenantIds,
    view: () => undefined,
    isAudited: () => false,
    ids: () => [],
  },
} satisfies AccessTable<typeof UserService>;

const authority = createTestAuthority();
const pair = makeKeyPair();
const key = JSON.parse(pair.privateJwk) as JWK;
const token = (caller: string) => mintToken(key, { caller, audience: 'test', ttlSeconds: 60 });
const clientOf = (uri: string, by = authority) => by.issue({ uris: [uri] });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-servers-'));
});
afterAll(() => rm(folder, { recursive: true }));

// Servers with TLS, tokens, grants that the test may change, and a log that it may break.
async function openGuarded() {
  await using stack = new AsyncDisposableStack();
  const path = (name: string) => join(folder, name + crypto.randomUUID());
  const files = { cert: path('cert'), key: path('key'), ca: path('ca'), jwks: path('jwks') };
  const put = async (file: string, content: string) => {
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
  };
  const identity = authority.issue({ names: ['auth.test'] });
  await put(files.cert, identity.certificate);
  await put(files.key, identity.key);
  await put(files.ca, authority.certificate);
  await put(files.jwks, pair.publicJwks);
  const options = { onError: () => {}, pollMs: 20 };
  const named = (file: string) => ({ variable: 'TEST', path: file });
  const tlsFiles = { certificate: named(files.cert), key: named(files.key), clientCa: named(files.ca) };
  const tls = stack.use(await watchTls(tlsFiles, options));
  const keys = stack.use(await watchKeys(named(files.jwks), options));
  const granted = createTestBook();
  const recorded: AuditEntry[] = [];
  const refused: AuditEntry[] = [];
  const log = { isBroken: false };
  let answered = 0;
  const test = stack.use(
    await startTestServers({
      callers: {
        accessOf: accessFrom([[UserService, TABLE]]),
        audit: {
          async record(entry) {
            if (log.isBroken) throw new Error('no log');
            recorded.push(entry);
          },
          refused: (entry) => void refused.push(entry),
        },
        guarded: { tls, tokens: createTokenVerifier(keys, { audience: 'test' }), grants: granted.book },
      },
      routes: (chain) =>
        implementService(
          UserService,
          {
            async getUser({ id }) {
              answered += 1;
              return create(GetUserResponseSchema, { user: { id } });
            },
            async *watchUsers(_, call) {
              yield create(WatchUsersResponseSchema, {});
              await new Promise((_resolve, reject) =>
                call.signal.addEventListener('abort', () => reject(call.signal.reason)),
              );
            },
          },
          chain,
        ),
    }),
  );
  const closers = stack.move();
  return {
    test,
    put,
    files,
    granted,
    recorded,
    refused,
    log,
    answered: () => answered,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

function createTestBook() {
  let find = indexGrants([grant]);
  const listeners = new Set<() => void>();
  const book: Grants = {
    find: (caller, requested) => find(caller, requested),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const set = (grants: readonly Grant[]) => {
    find = indexGrants(grants);
    for (const listener of listeners) listener();
  };
  return { book, set };
}

interface Opened extends Disposable {
  readonly transport: Transport;
}

type OpenTransport = (servers: TestServers['servers'], own?: TestCertificate) => Opened;

const TRANSPORTS: [string, OpenTransport][] = [
  [
    'gRPC',
    ({ grpc }, own) => {
      const transport = createGrpcTransport({
        address: `127.0.0.1:${grpc.port}`,
        tls: {
          rootCertificates: authority.certificate,
          serverName: 'auth.test',
          ...(own && { privateKey: own.key, certificateChain: own.certificate }),
        },
        defaultTimeoutMs: 5_000,
      });
      return { transport, [Symbol.dispose]: () => transport.close() };
    },
  ],
  ['HTTP/1.1', ({ http }, own) => overHttp(http.port, '1.1', own)],
  ['HTTP/2', ({ http }, own) => overHttp(http.port, '2', own)],
];

function overHttp(port: number, httpVersion: '1.1' | '2', own?: TestCertificate): Opened {
  const nodeOptions = {
    ca: authority.certificate,
    servername: 'auth.test',
    // A connection for each call: an open one keeps the certificates that it began with.
    ...(httpVersion === '1.1' && { agent: new Agent({ keepAlive: false }) }),
    ...(own && { key: own.key, cert: own.certificate }),
  };
  const transport = createConnectTransport({
    baseUrl: `https://127.0.0.1:${port}`,
    httpVersion,
    nodeOptions,
  });
  return { transport, [Symbol.dispose]: () => {} };
}

describe.each(TRANSPORTS)('a guarded server, by %s', (_, openTransport) => {
  async function ask(
    { test }: { test: TestServers },
    { own, bearer, request = REQUEST }: { own?: TestCertificate; bearer?: string; request?: object },
  ) {
    using opened = openTransport(test.servers, own);
    const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    return await createClient(UserService, opened.transport).getUser(request, { headers });
  }

  it('identifies a caller by a certificate that its authority signed', async () => {
    await using guarded = await openGuarded();
    expect((await ask(guarded, { own: clientOf(BOOKING) })).user?.id).toBe(REQUEST.id);
    expect(guarded.test.log).toContainEqual(expect.objectContaining({ caller: BOOKING, code: 'OK' }));
  });

  it('identifies a caller by its service token', async () => {
    await using guarded = await openGuarded();
    expect((await ask(guarded, { bearer: await token(BOOKING) })).user?.id).toBe(REQUEST.id);
  });

  it('refuses an unidentified caller, and audits it', async () => {
    await using guarded = await openGuarded();
    const unknown = { code: 'Unauthenticated', reason: 'CALLER_UNKNOWN' } as const;
    await expectRefusal(ask(guarded, {}), unknown);
    await expectRefusal(ask(guarded, { bearer: 'nonsense' }), unknown);
    await expectRefusal(ask(guarded, { own: clientOf('https://example.org/booking') }), unknown);
    expect(guarded.refused.map(({ outcome, caller }) => [outcome, caller])).toEqual(
      Array(3).fill(['CALLER_UNKNOWN', '']),
    );
    expect(guarded.answered()).toBe(0);
  });

  it.each<[string, unknown]>([
    ['a list', [BOOKING]],
    ['a number', 7],
    ['an object', { toString: BOOKING }],
  ])('B10: refuses a token whose subject is %s as CALLER_UNKNOWN', async (_kind, sub) => {
    await using guarded = await openGuarded();
    const nowS = Math.floor(Date.now() / 1000);
    const bearer = await new SignJWT({ sub, aud: 'test', iat: nowS, exp: nowS + 60 } as JWTPayload)
      .setProtectedHeader({ alg: 'EdDSA', kid: String(key.kid) })
      .sign(await importJWK(key, 'EdDSA'));
    await expectRefusal(ask(guarded, { bearer }), { code: 'Unauthenticated', reason: 'CALLER_UNKNOWN' });
  });

  it('ends a connection whose certificate has no trusted authority, although it names the same caller', async () => {
    await using guarded = await openGuarded();
    await expect(ask(guarded, { own: clientOf(BOOKING, createTestAuthority()) })).rejects.toThrow();
    const expired = authority.issue({ uris: [BOOKING], notAfterMs: Date.now() - 60_000 });
    await expect(ask(guarded, { own: expired })).rejects.toThrow();
    expect(guarded.answered()).toBe(0);
  });

  it('refuses a token next to the certificate of another caller', async () => {
    await using guarded = await openGuarded();
    const call = ask(guarded, { own: clientOf(BOOKING), bearer: await token('console') });
    await expectRefusal(call, { code: 'Unauthenticated', reason: 'CALLER_UNKNOWN' });
    await ask(guarded, { own: clientOf(BOOKING), bearer: await token(BOOKING) });
  });

  it('authorises before it validates: a caller without a grant does not learn what was wrong', async () => {
    await using guarded = await openGuarded();
    const denied = { code: 'PermissionDenied', reason: 'NOT_GRANTED' } as const;
    const own = clientOf(BOOKING);
    await expectRefusal(ask(guarded, { own, request: { tenantId: 'other', id: 'no id' } }), denied);
    await expectRefusal(ask(guarded, { own, request: { ...REQUEST, view: UserView.FULL } }), denied);
    await expectRefusal(ask(guarded, { own: clientOf('spiffe://example.org/other') }), denied);
    const invalid = { code: 'InvalidArgument', reason: 'FIELD_INVALID' } as const;
    await expectRefusal(ask(guarded, { own, request: { tenantId: 'demo', id: 'no id' } }), invalid);
    const names = { tenantId: 'ada@example.com', id: 'ada@example.com' };
    await expectRefusal(ask(guarded, { own, request: names }), denied);
    expect(JSON.stringify(guarded.refused)).not.toContain('ada@');
    expect(guarded.refused.map(({ outcome }) => outcome)).toEqual(Array(4).fill('NOT_GRANTED'));
    expect(guarded.answered()).toBe(0);
  });

  it('leaves health and reflection public', async () => {
    await using guarded = await openGuarded();
    using opened = openTransport(guarded.test.servers);
    const { status } = await createClient(Health, opened.transport).check({});
    expect(status).toBe(Serving.SERVING);
  });

  it('refuses calls over the rate, with the limit and the time to wait', async () => {
    await using guarded = await openGuarded();
    guarded.granted.set([{ ...grant, limits: { ratePerSecond: 0.01, burst: 2, concurrency: 0 } }]);
    const own = clientOf(BOOKING);
    await ask(guarded, { own });
    await ask(guarded, { own });
    const limited = { code: 'ResourceExhausted', reason: 'RATE_LIMITED' } as const;
    const error = await expectRefusal(ask(guarded, { own }), limited);
    const [retry] = error.findDetails(RetryInfoSchema);
    expect(Number(retry?.retryDelay?.seconds)).toBeGreaterThan(50);
    expect(guarded.refused.at(-1)).toMatchObject({ outcome: 'RATE_LIMITED', caller: BOOKING });
  });

  it('refuses the next call once a grant is removed, and ends the stream that it had allowed', async () => {
    await using guarded = await openGuarded();
    using opened = openTransport(guarded.test.servers, clientOf(BOOKING));
    const users = createClient(UserService, opened.transport);
    await users.getUser(REQUEST);
    const begun = Promise.withResolvers<void>();
    const watching = (async () => {
      for await (const _ of users.watchUsers({ tenantIds: ['demo'] })) begun.resolve();
    })();
    await begun.promise;
    guarded.granted.set([]);
    const denied = { code: 'PermissionDenied', reason: 'NOT_GRANTED' } as const;
    await expectRefusal(watching, denied);
    await expectRefusal(users.getUser(REQUEST), denied);
  });

  it('T2: refuses a request for several tenants if any of them is not granted, at any position', async () => {
    await using guarded = await openGuarded();
    guarded.granted.set([{ ...grant, tenants: ['demo', 'acme'] }]);
    using opened = openTransport(guarded.test.servers, clientOf(BOOKING));
    const users = createClient(UserService, opened.transport);
    const watch = async (tenantIds: string[]) => {
      const stop = new AbortController();
      try {
        for await (const _ of users.watchUsers({ tenantIds }, { signal: stop.signal })) return 'begun';
      } finally {
        // Without this the stream stays open, and draining waits for it.
        stop.abort();
      }
    };
    expect(await watch(['demo', 'acme'])).toBe('begun');
    const denied = { code: 'PermissionDenied', reason: 'NOT_GRANTED' } as const;
    for (const tenantIds of [
      ['demo', 'other'],
      ['other', 'demo'],
      ['demo', 'other', 'acme'],
      ['demo', ''],
      ['demo', '*'],
      ['demo', 'Demo'],
    ])
      await expectRefusal(watch(tenantIds), denied);
    expect(guarded.refused.at(0)).toMatchObject({ outcome: 'NOT_GRANTED', tenants: ['demo', 'other'] });
  });

  it('T2: ends a stream of several tenants once any of them is not granted any more', async () => {
    await using guarded = await openGuarded();
    guarded.granted.set([{ ...grant, tenants: ['demo', 'acme'] }]);
    using opened = openTransport(guarded.test.servers, clientOf(BOOKING));
    const users = createClient(UserService, opened.transport);
    const begun = Promise.withResolvers<void>();
    const watching = (async () => {
      for await (const _ of users.watchUsers({ tenantIds: ['demo', 'acme'] })) begun.resolve();
    })();
    await begun.promise;
    guarded.granted.set([grant]);
    await expectRefusal(watching, { code: 'PermissionDenied', reason: 'NOT_GRANTED' });
  });

  it('audits a read of contact data before it answers, and does not answer if it cannot', async () => {
    await using guarded = await openGuarded();
    const own = clientOf(BOOKING);
    const request = { ...REQUEST, view: UserView.BASIC };
    await ask(guarded, { own });
    expect(guarded.recorded).toEqual([]);
    await ask(guarded, { own, request });
    expect(guarded.recorded).toMatchObject([
      {
        caller: BOOKING,
        method: 'rollcall.user.v1.UserService/GetUser',
        tenants: ['demo'],
        ids: [REQUEST.id],
        outcome: 'OK',
      },
    ]);
    guarded.log.isBroken = true;
    await expectRefusal(ask(guarded, { own, request }), { code: 'Internal', reason: 'INTERNAL' });
    await ask(guarded, { own });
  });

  it('takes a new certificate and a new authority without a restart', async () => {
    await using guarded = await openGuarded();
    const { files, put } = guarded;
    const next = createTestAuthority('Next Authority');
    await put(files.ca, next.certificate);
    await expect
      .poll(() =>
        ask(guarded, { own: clientOf(BOOKING, next) }).then(
          () => 'answers',
          () => 'refuses',
        ),
      )
      .toBe('answers');
    await expect(ask(guarded, { own: clientOf(BOOKING) })).rejects.toThrow();
    const other = authority.issue({ names: ['other.test'] });
    await put(files.cert, other.certificate);
    await put(files.key, other.key);
    await expect
      .poll(() => ask(guarded, { bearer: 'x' }).catch((error: unknown) => ConnectError.from(error).code))
      .not.toBe(Code.Unauthenticated);
  });
});

describe('guarded servers', () => {
  it('answer reflection to every caller', async () => {
    await using guarded = await openGuarded();
    using opened = (TRANSPORTS[0] as [string, OpenTransport])[1](guarded.test.servers);
    async function* list() {
      yield { messageRequest: { case: 'listServices' as const, value: '' } };
    }
    const answers = createClient(ServerReflection, opened.transport).serverReflectionInfo(list());
    expect(JSON.stringify((await Array.fromAsync(answers))[0]?.messageResponse)).toContain(
      UserService.typeName,
    );
  });

  it('answer metrics to identified callers, and health to every caller', async () => {
    await using guarded = await openGuarded();
    const { port } = guarded.test.servers.http;
    const get = (path: string, headers: Record<string, string> = {}) =>
      new Promise<[number | undefined, string]>((resolve, reject) => {
        const agent = new Agent({ keepAlive: false });
        const tls = { ca: authority.certificate, servername: 'auth.test' };
        request({ port, host: '127.0.0.1', path, headers, agent, ...tls }, async (response) =>
          resolve([response.statusCode, Buffer.concat(await Array.fromAsync(response)).toString()]),
        )
          .once('error', reject)
          .end();
      });
    expect(await get('/healthz')).toEqual([200, 'alive\n']);
    expect(await get('/metrics')).toEqual([401, expect.stringContaining('does not know who is asking')]);
    expect((await get('/metrics', { authorization: 'Bearer x' }))[0]).toBe(401);
    const [status, body] = await get('/metrics', { authorization: `Bearer ${await token('prometheus')}` });
    expect([status, body]).toEqual([200, expect.stringContaining('rollcall_rpc_duration_seconds')]);
  });

  it('let calls end when they close, and accept no new connection', async () => {
    const guarded = await openGuarded();
    using opened = (TRANSPORTS[0] as [string, OpenTransport])[1](guarded.test.servers, clientOf(BOOKING));
    const users = createClient(UserService, opened.transport);
    await users.getUser(REQUEST);
    await guarded[Symbol.asyncDispose]();
    await expect(users.getUser(REQUEST, { timeoutMs: 500 })).rejects.toThrow();
  });

  it('do not start with a method that has no access entry', async () => {
    const audit = { record: async () => {}, refused: () => {} };
    const opening = startTestServers({
      callers: { accessOf: () => undefined, audit },
      routes: (chain) => implementService(UserService, {}, chain),
    });
    await expect(opening).rejects.toThrow(/no access table says what it touches/);
  });

  it('do not start off loopback when callers are not authenticated by TLS', async () => {
    const audit = { record: async () => {}, refused: () => {} };
    const opening = startTestServers({
      host: '0.0.0.0',
      callers: { accessOf: accessFrom([[UserService, TABLE]]), audit },
      routes: (chain) => implementService(UserService, {}, chain),
    });
    await expect(opening).rejects.toThrow(/loopback/);
  });
});
