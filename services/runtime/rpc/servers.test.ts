import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { Health, HealthCheckResponse_ServingStatus as Serving } from '@rollcall/contract/health';
import { ServerReflection, ServerReflectionV1Alpha } from '@rollcall/contract/reflection';
import { expectRefusal } from '@rollcall/contract/testing';
import {
  GetUserResponseSchema,
  UserService,
  WatchUsersRequestSchema,
  WatchUsersResponseSchema,
} from '@rollcall/contract/user';
import { createGrpcTransport } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { currentRequestId } from './call.ts';
import { type Implementation, implementService } from './route.ts';
import { startTestServers, type TestServers } from './servers.test-support.ts';

type GetUser = NonNullable<Implementation<typeof UserService>['getUser']>;

const REQUEST = { tenantId: 'demo', id: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab' };
const answer = () => create(GetUserResponseSchema, { user: { id: REQUEST.id } });

function open(
  getUser: GetUser = async () => answer(),
  options: Parameters<typeof startTestServers>[0] | object = {},
) {
  return startTestServers({
    routes: (chain) => implementService(UserService, { getUser }, chain),
    ...options,
  });
}

const TRANSPORTS: [string, (servers: TestServers['servers']) => Transport & Partial<Disposable>][] = [
  ['gRPC', ({ grpc }) => createGrpcTransport({ address: `127.0.0.1:${grpc.port}` })],
  [
    'HTTP',
    ({ http }) => createConnectTransport({ baseUrl: `http://127.0.0.1:${http.port}`, httpVersion: '1.1' }),
  ],
];

describe.each(TRANSPORTS)('the %s server', (server, toTransport) => {
  async function withClient(
    test: TestServers,
    work: (users: Client<typeof UserService>, transport: Transport) => Promise<void>,
  ): Promise<void> {
    const transport = toTransport(test.servers);
    try {
      await work(createClient(UserService, transport), transport);
    } finally {
      transport[Symbol.dispose]?.();
    }
  }

  it("answers with the caller's request id, or with its own when that is invalid", async () => {
    await using test = await open();
    await withClient(test, async (users) => {
      const idOf = async (sent: string) => {
        let got = '';
        await users.getUser(REQUEST, {
          headers: { 'x-request-id': sent },
          onHeader: (h) => (got = h.get('x-request-id') ?? ''),
        });
        return got;
      };
      expect(await idOf('trace-42')).toBe('trace-42');
      expect(await idOf('no spaces please')).toMatch(/^[0-9a-f-]{36}$/);
    });
    expect(test.log).toContainEqual(
      expect.objectContaining({ requestId: 'trace-42', code: 'OK', msg: 'call' }),
    );
  });

  it('gives code that serves a call its request id, and undefined outside of calls', async () => {
    const seen: [string, string | undefined][] = [];
    await using test = await open(async (_, call) => {
      await sleep(10);
      seen.push([call.requestId, currentRequestId()]);
      return answer();
    });
    await withClient(test, async (users) => {
      const ask = (id: string) => users.getUser(REQUEST, { headers: { 'x-request-id': id } });
      await Promise.all([ask('one'), ask('other')]);
    });
    expect(seen.toSorted()).toEqual([
      ['one', 'one'],
      ['other', 'other'],
    ]);
    expect(currentRequestId()).toBeUndefined();
  });

  it('fails a call at its deadline and aborts its handler', async () => {
    let aborted = false;
    await using test = await open(async (_, call) => {
      call.signal.addEventListener('abort', () => {
        aborted = true;
      });
      return sleep(5000, answer(), { signal: call.signal });
    });
    await withClient(test, async (users) => {
      await expect(users.getUser(REQUEST, { timeoutMs: 100 })).rejects.toThrow(/deadline_exceeded/);
      await expect.poll(() => aborted).toBe(true);
      await expect
        .poll(() => test.log)
        .toContainEqual(
          expect.objectContaining({ code: expect.stringMatching(/^(DEADLINE_EXCEEDED|CANCELLED)$/) }),
        );
    });
  });

  it("fails a call at the service's own limit when the caller's deadline is later", async () => {
    await using test = await open(() => sleep(5000, answer(), { ref: false }), { maxCallMs: 50 });
    await withClient(test, async (users) => {
      await expectRefusal(users.getUser(REQUEST), { code: 'DeadlineExceeded', reason: 'DEADLINE_EXCEEDED' });
    });
  });

  it('notices a caller that disconnects, logs it, and keeps serving', async () => {
    let started = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    let aborted = false;
    await using test = await open(async (_, call) => {
      started();
      call.signal.addEventListener('abort', () => {
        aborted = true;
      });
      await sleep(call.header('x-slow') ? 5000 : 0, undefined, { signal: call.signal });
      return answer();
    });
    await withClient(test, async (users) => {
      const leaving = new AbortController();
      const call = users.getUser(REQUEST, { signal: leaving.signal, headers: { 'x-slow': '1' } });
      await running;
      leaving.abort();
      await expect(call).rejects.toThrow(/cancel/i);
      await expect.poll(() => aborted).toBe(true);
      await expect
        .poll(() => test.log)
        .toContainEqual(expect.objectContaining({ code: 'CANCELLED', reason: 'CANCELLED' }));
      await expect(users.getUser(REQUEST)).resolves.toBeDefined();
    });
  });

  it('hides the message of an unknown error, and logs it under the request id', async () => {
    await using test = await open(async () => {
      throw new Error('password is hunter2');
    });
    await withClient(test, async (users) => {
      const error = await expectRefusal(users.getUser(REQUEST), { code: 'Internal', reason: 'INTERNAL' });
      expect(error.message).not.toContain('hunter2');
      const line = test.log.find((each) => each.level === 'error');
      expect(error.rawMessage).toContain(String(line?.requestId));
      expect(JSON.stringify(line)).toContain('password is hunter2');
    });
  });

  it('refuses a message over 4 MiB, and any message that its method cannot need, with the reason, and logs it', async () => {
    await using test = await open();
    await withClient(test, async (users) => {
      const huge = { ...REQUEST, id: 'x'.repeat(4 * 1024 * 1024 + 1) };
      await expect(users.getUser(huge)).rejects.toThrow(/resource_exhausted/);
      if (server === 'gRPC')
        await expectRefusal(callRaw(test, largeFrame()), {
          code: 'ResourceExhausted',
          reason: 'MESSAGE_TOO_LARGE',
        });
      else
        await expectRefusal(users.getUser(huge), { code: 'ResourceExhausted', reason: 'MESSAGE_TOO_LARGE' });
      expect(test.log).toContainEqual(
        expect.objectContaining({ code: 'RESOURCE_EXHAUSTED', reason: 'MESSAGE_TOO_LARGE' }),
      );
    });
  });

  it('refuses a method that is not implemented with the reason', async () => {
    await using test = await open();
    await withClient(test, async (users) => {
      const call = users.batchGetUsers({ tenantId: 'demo', ids: [REQUEST.id] });
      await expectRefusal(call, { code: 'Unimplemented', reason: 'NOT_IMPLEMENTED' });
    });
  });

  it('lets a call in progress end when it closes, and accepts no new one', async () => {
    let release = () => {};
    let started = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const test = await open(async () => {
      started();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return answer();
    });
    await withClient(test, async (users) => {
      const call = users.getUser(REQUEST);
      await running;
      const closed = test[Symbol.asyncDispose]();
      setTimeout(release, 100);
      expect((await call).user?.id).toBe(REQUEST.id);
      await closed;
      await expect(users.getUser(REQUEST, { timeoutMs: 500 })).rejects.toThrow();
    });
  });

  it('reports draining to a caller that watches its health', async () => {
    const test = await open();
    await withClient(test, async (_, transport) => {
      const seen: Serving[] = [];
      for await (const { status } of createClient(Health, transport).watch({
        service: UserService.typeName,
      })) {
        seen.push(status);
        if (seen.length === 1) void test[Symbol.asyncDispose]();
      }
      expect(seen).toEqual([Serving.SERVING, Serving.NOT_SERVING]);
    });
  });
});

describe('the gRPC server', () => {
  it('refuses bytes that are not the message, with the reason, and logs it', async () => {
    await using test = await open();
    await expectRefusal(callRaw(test, Buffer.from([0xff, 0xff, 0xff])), {
      code: 'InvalidArgument',
      reason: 'MESSAGE_MALFORMED',
    });
    expect(test.log).toContainEqual(
      expect.objectContaining({ reason: 'MESSAGE_MALFORMED', protocol: 'grpc' }),
    );
  });

  it('closes in time although a peer neither reads nor disconnects', async () => {
    const test = await open(undefined, { drainMs: 100 });
    const peer = connect(test.servers.grpc.port, '127.0.0.1');
    await once(peer, 'connect');
    await sleep(50);
    await test[Symbol.asyncDispose]();
    peer.destroy();
  });

  it.each([
    ['v1', ServerReflection],
    ['v1alpha', ServerReflectionV1Alpha],
  ])('answers reflection %s', async (_, service) => {
    await using test = await open();
    using transport = createGrpcTransport({ address: `127.0.0.1:${test.servers.grpc.port}` });
    const reflection = createClient(service as typeof ServerReflection, transport);
    async function* ask() {
      yield { messageRequest: { case: 'listServices' as const, value: '' } };
      yield { messageRequest: { case: 'fileContainingSymbol' as const, value: 'rollcall.user.v1.User' } };
      yield { messageRequest: { case: 'fileByFilename' as const, value: 'nope.proto' } };
    }
    const answers = (await Array.fromAsync(reflection.serverReflectionInfo(ask()))).map(
      (each) => each.messageResponse,
    );
    expect(answers.map((each) => each.case)).toEqual([
      'listServicesResponse',
      'fileDescriptorResponse',
      'errorResponse',
    ]);
    expect(JSON.stringify(answers[0]?.value)).toContain('rollcall.user.v1.UserService');
  });

  it('B6: explains why it ends a stream with a request that cannot be read', async () => {
    await using test = await open();
    const client = new GrpcClient(`127.0.0.1:${test.servers.grpc.port}`, credentials.createInsecure());
    const same = (bytes: Buffer) => bytes;
    const path = `/${ServerReflection.typeName}/ServerReflectionInfo`;
    const stream = client.makeBidiStreamRequest(path, same, same);
    stream.write(Buffer.from([255]));
    const [error] = await once(stream.resume(), 'error');
    expect(error).toMatchObject({ code: 3 });
    client.close();
  });
});

describe('the HTTP server', () => {
  const post = (test: TestServers, headers: Record<string, string>, body: string) =>
    fetch(`http://127.0.0.1:${test.servers.http.port}/rollcall.user.v1.UserService/GetUser`, {
      method: 'POST',
      headers,
      body,
    });

  it('refuses malformed JSON with the reason, and logs it', async () => {
    await using test = await open();
    const response = await post(test, { 'content-type': 'application/json' }, '{"tenantId":');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'invalid_argument',
      details: [{ debug: { reason: 'MESSAGE_MALFORMED' } }],
    });
    expect(test.log).toContainEqual(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', msg: 'call ended before it was read' }),
    );
  });

  it('refuses another content type with 415, and logs it', async () => {
    await using test = await open();
    const response = await post(test, { 'content-type': 'text/plain' }, 'hello');
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ details: [{ debug: { reason: 'MESSAGE_MALFORMED' } }] });
    expect(test.log).toContainEqual(expect.objectContaining({ msg: 'call ended before it was read' }));
  });

  it('distinguishes HTTP/1.1 from HTTP/2 even if the first bytes come one by one', async () => {
    await using test = await open();
    const socket = connect(test.servers.http.port, '127.0.0.1');
    for (const byte of 'POST /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n') {
      socket.write(byte);
      await sleep(1);
    }
    expect(Buffer.concat(await Array.fromAsync(socket)).toString()).toMatch(/^HTTP\/1.1 405/);
  });

  it('answers a malformed host with 400', async () => {
    await using test = await open();
    const socket = connect(test.servers.http.port, '127.0.0.1');
    const path = '/rollcall.user.v1.UserService/GetUser';
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: [\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`,
    );
    expect(Buffer.concat(await Array.fromAsync(socket)).toString()).toMatch(/^HTTP\/1.1 400/);
  });

  it('stops working for a caller that left without reading', async () => {
    let made = 0;
    await using test = await startTestServers({
      routes: (chain) =>
        implementService(
          UserService,
          {
            async *watchUsers() {
              for (;;) {
                made += 1;
                yield create(WatchUsersResponseSchema, { changes: Array(1000).fill({ id: REQUEST.id }) });
              }
            },
          },
          chain,
        ),
    });
    const session = connectHttp2(`http://127.0.0.1:${test.servers.http.port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/rollcall.user.v1.UserService/WatchUsers',
      'content-type': 'application/grpc',
    });
    const message = Buffer.from(
      toBinary(WatchUsersRequestSchema, create(WatchUsersRequestSchema, { tenantIds: ['demo'] })),
    );
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
    await expect.poll(() => made).toBeGreaterThan(1);
    session.destroy();
    await sleep(200);
    const then = made;
    await sleep(200);
    expect(made).toBe(then);
  });

  it("shows the service's own metrics, as they are when requested", async () => {
    let value = 0;
    const point = (queue: string) => ({
      name: 'test_jobs_total',
      help: 'Jobs done.',
      type: 'counter' as const,
      labels: { queue },
      value,
    });
    const waiting = () => ({ ...point('a'), name: 'test_jobs', type: 'gauge' as const, labels: {} });
    await using test = await open(undefined, { readMetrics: () => [point('a'), waiting(), point('b')] });
    const page = async () => (await fetch(`http://127.0.0.1:${test.servers.http.port}/metrics`)).text();
    expect(await page()).toContain('test_jobs_total{queue="b",service="test"} 0\n');
    value = 3;
    const shown = await page();
    expect(shown).toContain(
      '\n# TYPE test_jobs_total counter\ntest_jobs_total{queue="a",service="test"} 3\n',
    );
    expect(shown).toContain('\ntest_jobs{service="test"} 3\n');
    expect(shown.match(/# TYPE test_jobs_total/g)).toHaveLength(1);
  });

  it('serves HTTP/2 without TLS on the same port', async () => {
    await using test = await open();
    const session = connectHttp2(`http://127.0.0.1:${test.servers.http.port}`);
    const stream = session.request({ ':path': '/healthz' });
    const chunks = await Array.fromAsync(stream);
    expect(Buffer.concat(chunks).toString()).toBe('alive\n');
    session.close();
  });

  it('answers health and metrics, and 404 for any other path', async () => {
    let ready = true;
    await using test = await open(undefined, { isReady: async () => ready });
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${test.servers.http.port}${path}`, { method });
      return [response.status, await response.text()];
    };
    expect(await get('/readyz')).toEqual([200, 'ready\n']);
    ready = false;
    await expect.poll(() => get('/readyz')).toEqual([503, 'a dependency does not answer\n']);
    expect(await get('/healthz')).toEqual([200, 'alive\n']);
    await post(test, { 'content-type': 'application/json' }, JSON.stringify(REQUEST));
    expect((await get('/metrics'))[1]).toMatch(
      /rollcall_rpc_duration_seconds_count\{.*UserService\/GetUser.*code="OK"\} 1/,
    );
    expect((await get('/healthz', 'POST'))[0]).toBe(405);
    expect((await get('/nope'))[0]).toBe(404);
  });
});

describe('startServers', () => {
  it('will not listen where others than this machine could reach it', async () => {
    await expect(open(undefined, { host: '0.0.0.0' })).rejects.toThrow(
      /_HOST must be a loopback address, not "0\.0\.0\.0", because .*: set it to 127\.0\.0\.1 or unset it$/,
    );
  });

  it('names the port, the variable and the cure when a port is taken, and closes what it had opened', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
    });
    const message = (variable: string) =>
      `Port ${port} is in use: end what listens there, or set ${variable} to another port`;
    await expect(open(undefined, { http: { port, variable: 'X_HTTP' } })).rejects.toThrow(message('X_HTTP'));
    await expect(open(undefined, { grpc: { port, variable: 'X_GRPC' } })).rejects.toThrow(message('X_GRPC'));
    taken.close();
  });
});

function largeFrame(): Buffer {
  return Buffer.alloc(4 * 1024 * 1024 + 1);
}

// Bypasses every encoder.
async function callRaw(test: TestServers, bytes: Buffer): Promise<unknown> {
  const { connectErrorFromStatus } = await import('@rollcall/transport');
  const client = new GrpcClient(`127.0.0.1:${test.servers.grpc.port}`, credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  });
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/rollcall.user.v1.UserService/GetUser',
        (each: Buffer) => each,
        (each) => each,
        bytes,
        (error, value) => (error ? reject(connectErrorFromStatus(error)) : resolve(value)),
      );
    });
  } finally {
    client.close();
  }
}
