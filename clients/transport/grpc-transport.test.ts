import { createServer } from 'node:net';
import { create } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  createClient,
  decodeBinaryHeader,
  encodeBinaryHeader,
  type ServiceImpl,
} from '@connectrpc/connect';
import { ErrorInfoSchema } from '@rollcall/contract';
import {
  CreateUserRequestSchema,
  type GetUserResponse,
  GetUserResponseSchema,
  UserAdminService,
  UserService,
} from '@rollcall/contract/user';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createGrpcTransport,
  errorReason,
  type GrpcTransportOptions,
  isCallNotSent,
  withAnswerDecoder,
} from './index.ts';
import { type GrpcTestServer, startGrpcTestServer } from './testing/index.ts';

const stack: AsyncDisposableStack[] = [];
afterEach(async () => {
  for (const opened of stack.splice(0)) await opened.disposeAsync();
});

async function serve(handlers: Partial<ServiceImpl<typeof UserService>>, port = 0): Promise<GrpcTestServer> {
  const server = await startGrpcTestServer(UserService, handlers, { port });
  onEnd(server);
  return server;
}

function onEnd(closable: Disposable | AsyncDisposable): void {
  const opened = new AsyncDisposableStack();
  opened.use(closable);
  stack.unshift(opened);
}

function open(address: string, options: Partial<GrpcTransportOptions> = {}) {
  const transport = createGrpcTransport({ address, ...options });
  onEnd(transport);
  return { transport, users: createClient(UserService, transport) };
}

async function failure(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => new Error('the call went well'),
    (reason: unknown) => reason,
  );
  if (error instanceof ConnectError) return error;
  throw error;
}

const never = () => new Promise<never>(() => {});

describe('a unary call', () => {
  it('transfers messages, headers and trailers both ways', async () => {
    const server = await serve({
      getUser(request, context) {
        context.responseHeader.set('served-by', 'one');
        context.responseTrailer.set('rows', '1');
        context.responseTrailer.set('seen-bin', context.requestHeader.get('sent-bin') ?? '');
        return {
          user: { id: request.id, firstName: context.requestHeader.get('caller') ?? '', version: 7n },
        };
      },
    });
    let header = new Headers();
    let trailer = new Headers();
    const answer = await open(server.address).users.getUser(
      { tenantId: 't', id: 'u' },
      {
        headers: { caller: 'booking', 'sent-bin': encodeBinaryHeader(new Uint8Array([0, 255])) },
        onHeader: (received) => {
          header = received;
        },
        onTrailer: (received) => {
          trailer = received;
        },
      },
    );
    expect(answer.user).toMatchObject({ id: 'u', firstName: 'booking', version: 7n });
    expect(header.get('served-by')).toBe('one');
    expect(trailer.get('rows')).toBe('1');
    expect(decodeBinaryHeader(trailer.get('seen-bin') ?? '')).toEqual(new Uint8Array([0, 255]));
  });

  it('runs interceptors, the first outermost, with the signal and the response', async () => {
    const server = await serve({
      getUser: (_, { requestHeader }) => ({ user: { id: requestHeader.get('trace') ?? '' } }),
    });
    const order: string[] = [];
    const { users } = open(server.address, {
      interceptors: ['a', 'b'].map((name) => (next) => async (request) => {
        order.push(`${name} ${request.method.name} ${request.signal.aborted}`);
        request.header.append('trace', name);
        const response = await next(request);
        order.push(`${name} ${response.stream}`);
        return response;
      }),
    });
    expect((await users.getUser({ id: 'u' })).user?.id).toBe('a, b');
    expect(order).toEqual(['a GetUser false', 'b GetUser false', 'b false', 'a false']);
  });

  it('aborts the signal of interceptors at the end of the call, and gives all of them one set of headers', async () => {
    const server = await serve({ getUser: () => ({ user: { id: 'u' } }) });
    const signals: AbortSignal[] = [];
    const { users } = open(server.address, {
      interceptors: [
        (next) => async (request) => {
          signals.push(request.signal);
          const response = await next(request);
          response.header.set('noted', 'yes');
          return { ...response };
        },
      ],
    });
    let noted = new Headers();
    await users.getUser(
      { id: 'u' },
      {
        onHeader(header) {
          noted = header;
        },
      },
    );
    expect(noted.get('noted')).toBe('yes');
    expect(signals.map((signal) => signal.aborted)).toEqual([true]);
  });

  it('ends at its deadline and on its signal, even when an interceptor does not', async () => {
    const server = await serve({ getUser: () => ({}) });
    const { users } = open(server.address, { interceptors: [() => never] });
    const during = new AbortController();
    const aborted = failure(users.getUser({}, { timeoutMs: 600_000, signal: during.signal }));
    expect((await failure(users.getUser({}, { timeoutMs: 20 }))).code).toBe(Code.DeadlineExceeded);
    expect((await failure(users.getUser({}, { signal: AbortSignal.abort() }))).code).toBe(Code.Canceled);
    during.abort();
    expect((await aborted).code).toBe(Code.Canceled);
  });

  it('takes the response of an interceptor when the deadline has passed', async () => {
    const server = await serve({ getUser: never });
    const answer = create(GetUserResponseSchema, { user: { id: 'x' } });
    const { users } = open(server.address, {
      interceptors: [
        (next) => (request) =>
          next(request).catch(async () => ({
            stream: false,
            service: UserService,
            method: UserService.method.getUser,
            header: new Headers(),
            trailer: new Headers(),
            message: answer,
          })),
      ],
    });
    expect((await users.getUser({}, { timeoutMs: 20 })).user?.id).toBe('x');
  });

  it('decodes the response with the decoder of the call, and fails with INTERNAL when that throws', async () => {
    const server = await serve({ getUser: () => ({ user: { id: 'u' } }) });
    const { users } = open(server.address);
    const method = UserService.method.getUser;
    const read = (decode: (bytes: Uint8Array) => GetUserResponse) =>
      users.getUser({}, { contextValues: withAnswerDecoder(method, decode) });
    const answer = create(method.output, { user: { id: 'mine' } });
    expect(await read(() => answer)).toBe(answer);
    const error = await failure(
      read(() => {
        throw new Error('no such bytes');
      }),
    );
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).toBe('Response message parsing error: no such bytes');
    expect(isCallNotSent(error)).toBe(false);
    expect((await users.getUser({})).user?.id).toBe('u');
  });

  it('fails with the code, message, metadata and reason of the server', async () => {
    const info = { reason: 'USER_NOT_FOUND', domain: 'rollcall', metadata: { id: 'u' } };
    const server = await serve({
      getUser() {
        throw new ConnectError('no user u', Code.NotFound, { 'request-id': 'r1' }, [
          { desc: ErrorInfoSchema, value: info },
        ]);
      },
    });
    const error = await failure(open(server.address).users.getUser({ id: 'u' }));
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toBe('no user u');
    expect(error.metadata.get('request-id')).toBe('r1');
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([info]);
    expect(errorReason(error)).toEqual({ reason: 'USER_NOT_FOUND', metadata: { id: 'u' } });
  });

  it('has no reason when the error is not from a Rollcall service', async () => {
    const foreign = create(ErrorInfoSchema, { reason: 'X', domain: 'example.com' });
    expect(
      errorReason(
        new ConnectError('x', Code.Aborted, undefined, [{ desc: ErrorInfoSchema, value: foreign }]),
      ),
    ).toBeUndefined();
    expect(errorReason(new Error('x'))).toBeUndefined();
    expect(errorReason(undefined)).toBeUndefined();
  });

  it('has a default deadline, which the server receives', async () => {
    let serverSawEnd = () => {};
    const seen = new Promise<void>((resolve) => {
      serverSawEnd = resolve;
    });
    const server = await serve({
      getUser(_, { signal }) {
        signal.addEventListener('abort', () => serverSawEnd());
        return never();
      },
    });
    const { users } = open(server.address, { defaultTimeoutMs: 50 });
    expect((await failure(users.getUser({ id: 'u' }))).code).toBe(Code.DeadlineExceeded);
    await seen;
  });

  it('prefers the deadline of the call', async () => {
    const server = await serve({ getUser: never });
    const { users } = open(server.address, { defaultTimeoutMs: 600_000 });
    expect((await failure(users.getUser({ id: 'u' }, { timeoutMs: 50 }))).code).toBe(Code.DeadlineExceeded);
  });

  it('sends nothing when its deadline has passed', async () => {
    let calls = 0;
    const server = await serve({ getUser: () => ({ user: { id: String(++calls) } }) });
    const { users } = open(server.address);
    for (const timeoutMs of [0, -1, Number.NEGATIVE_INFINITY]) {
      expect((await failure(users.getUser({ id: 'u' }, { timeoutMs }))).code).toBe(Code.DeadlineExceeded);
    }
    expect((await failure(users.getUser({ id: 'u' }, { timeoutMs: Number.NaN }))).code).toBe(
      Code.InvalidArgument,
    );
    expect(calls).toBe(0);
  });

  it('accepts a deadline beyond the range of timers', async () => {
    const server = await serve({ getUser: () => ({ user: { id: 'u' } }) });
    const { users } = open(server.address);
    expect((await users.getUser({}, { timeoutMs: Number.POSITIVE_INFINITY })).user?.id).toBe('u');
  });

  it('is canceled by its signal, before and after it is sent', async () => {
    let reached = () => {};
    const arrived = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const server = await serve({
      getUser() {
        reached();
        return never();
      },
    });
    const { users } = open(server.address, { defaultTimeoutMs: 600_000 });
    const controller = new AbortController();
    const call = failure(users.getUser({ id: 'u' }, { signal: controller.signal }));
    await arrived;
    controller.abort();
    expect((await call).code).toBe(Code.Canceled);
    expect((await failure(users.getUser({ id: 'u' }, { signal: controller.signal }))).code).toBe(
      Code.Canceled,
    );
  });

  it('refuses a message over 4 MiB, sent or received', async () => {
    const large = 'x'.repeat(4 * 1024 * 1024);
    const server = await serve({ getUser: () => ({ user: { id: large } }), resolveUsers: () => ({}) });
    const { users } = open(server.address, { defaultTimeoutMs: 10_000 });
    expect((await failure(users.getUser({ id: 'u' }))).code).toBe(Code.ResourceExhausted);
    expect((await failure(users.resolveUsers({ tenantId: large }))).code).toBe(Code.ResourceExhausted);
  });

  it('fails with INTERNAL when the message cannot be encoded, and is marked as not sent', async () => {
    const server = await serve({ batchGetUsers: () => ({}) });
    const { users } = open(server.address);
    const error = await failure(users.batchGetUsers({ minVersions: { u: 2n ** 63n } }));
    expect(error).toMatchObject({ code: Code.Internal });
    expect(error.rawMessage).toMatch(/^Request message serialization failure: /);
    expect(isCallNotSent(error)).toBe(true);
  });

  it('refuses a header that gRPC cannot send', async () => {
    const server = await serve({ getUser: () => ({}) });
    const error = await failure(open(server.address).users.getUser({}, { headers: { name: 'Zoë' } }));
    expect(error.code).toBe(Code.InvalidArgument);
  });

  it('fails with UNIMPLEMENTED for a method that the server does not have', async () => {
    const server = await serve({});
    expect((await failure(open(server.address).users.getUser({}))).code).toBe(Code.Unimplemented);
  });
});

describe('retries', () => {
  const away = new ConnectError('draining', Code.Unavailable);

  it('sends a read at most three times while the server is unavailable', async () => {
    let calls = 0;
    const server = await serve({
      getUser() {
        calls += 1;
        if (calls % 3 !== 0) throw away;
        return { user: { id: 'u' } };
      },
      batchGetUsers() {
        calls += 1;
        throw away;
      },
    });
    const { users } = open(server.address, { retryReadsOf: [UserService] });
    expect((await users.getUser({})).user?.id).toBe('u');
    expect(calls).toBe(3);
    expect((await failure(users.batchGetUsers({}))).code).toBe(Code.Unavailable);
    expect(calls).toBe(6);
  });

  it('sends a read once when its service is not listed, or on another error', async () => {
    let calls = 0;
    const server = await serve({
      getUser() {
        calls += 1;
        throw new ConnectError('x', calls === 1 ? Code.Unavailable : Code.Internal);
      },
    });
    expect((await failure(open(server.address).users.getUser({}))).code).toBe(Code.Unavailable);
    expect(
      (await failure(open(server.address, { retryReadsOf: [UserService] }).users.getUser({}))).code,
    ).toBe(Code.Internal);
    expect(calls).toBe(2);
  });

  it('sends a write once', async () => {
    let calls = 0;
    const server = await startGrpcTestServer(UserAdminService, {
      createUser() {
        calls += 1;
        throw away;
      },
    });
    onEnd(server);
    const { transport } = open(server.address, { retryReadsOf: [UserAdminService] });
    const admin = createClient(UserAdminService, transport);
    expect((await failure(admin.createUser(create(CreateUserRequestSchema)))).code).toBe(Code.Unavailable);
    expect(calls).toBe(1);
  });

  it('follows the pushback of the server, also to not retry at all', async () => {
    const arrivals: number[] = [];
    let pushbackMs = '400';
    const server = await serve({
      getUser() {
        arrivals.push(performance.now());
        if (arrivals.length === 2) return { user: { id: 'u' } };
        throw new ConnectError('busy', Code.Unavailable, { 'grpc-retry-pushback-ms': pushbackMs });
      },
    });
    const { users } = open(server.address, { retryReadsOf: [UserService], defaultTimeoutMs: 10_000 });
    expect((await users.getUser({})).user?.id).toBe('u');
    // The back-off of the policy is at most 60 ms. Timers may be a little early.
    expect((arrivals[1] ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThan(390);
    pushbackMs = '-1';
    expect((await failure(users.getUser({}))).code).toBe(Code.Unavailable);
    expect(arrivals).toHaveLength(3);
  });

  it('stops retrying when the budget is spent', async () => {
    let calls = 0;
    const server = await serve({
      getUser() {
        calls += 1;
        throw away;
      },
    });
    const { users } = open(server.address, { retryReadsOf: [UserService] });
    for (let i = 0; i < 6; i++) await failure(users.getUser({}));
    const before = calls;
    await failure(users.getUser({}));
    expect(calls).toBe(before + 1);
  });
});

describe('connections', () => {
  it('balances calls between two servers, and loses none when one dies', async () => {
    const served = { a: 0, b: 0 };
    const one = await serve({ getUser: () => ({ user: { version: BigInt(++served.a) } }) });
    const two = await serve({ getUser: () => ({ user: { version: BigInt(++served.b) } }) });
    const { users } = open(`${one.address},${two.address}`, {
      retryReadsOf: [UserService],
      defaultTimeoutMs: 5_000,
    });
    for (let i = 0; i < 100; i++) await users.getUser({});
    expect(served.a).toBeGreaterThan(0);
    expect(served.b).toBeGreaterThan(0);
    one.kill();
    for (let i = 0; i < 100; i++) await users.getUser({});
  });

  it('fails with UNAVAILABLE while the server is down, and reconnects when it returns to its port', async () => {
    const server = await serve({ getUser: () => ({ user: { id: 'before' } }) });
    const { users } = open(server.address, { maxReconnectBackoffMs: 100 });
    expect((await users.getUser({})).user?.id).toBe('before');
    server.kill();
    expect((await failure(users.getUser({}))).code).toBe(Code.Unavailable);
    await serve({ getUser: () => ({ user: { id: 'after' } }) }, server.port);
    await expect
      .poll(
        () =>
          users.getUser({}).then(
            (answer) => answer.user?.id,
            () => 'away',
          ),
        { timeout: 10_000 },
      )
      .toBe('after');
  });

  it('cancels calls in flight on close, and refuses later ones', async () => {
    let reached = () => {};
    const arrived = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const server = await serve({
      getUser() {
        reached();
        return never();
      },
    });
    const { transport, users } = open(server.address, { defaultTimeoutMs: 600_000 });
    const call = failure(users.getUser({}));
    await arrived;
    transport.close();
    transport.close();
    expect((await call).code).toBe(Code.Canceled);
    expect((await failure(users.getUser({}))).code).toBe(Code.Canceled);
  });

  it('closes its own connection, and no other one to the address', async () => {
    const server = await serve({ getUser: () => ({ user: { id: 'u' } }) });
    const [one, two] = [open(server.address), open(server.address)];
    await Promise.all([one.users.getUser({}), two.users.getUser({})]);
    one.transport.close();
    expect((await two.users.getUser({})).user?.id).toBe('u');
  });

  it('ends at its deadline on a listener that never answers', async () => {
    const mute = createServer((socket) => socket.on('error', () => {}));
    const port = await new Promise<number>((resolve) =>
      mute.listen(0, '127.0.0.1', () => resolve((mute.address() as { port: number }).port)),
    );
    onEnd({ [Symbol.asyncDispose]: async () => void mute.close() });
    const { users } = open(`127.0.0.1:${port}`, { defaultTimeoutMs: 100 });
    expect((await failure(users.getUser({}))).code).toBe(Code.DeadlineExceeded);
  });
});

describe('a server stream', () => {
  it('delivers its messages in order, headers first, trailers last', async () => {
    const server = await serve({
      async *watchUsers(request, context) {
        for (let i = 0; i < 50; i++) yield { checkpoint: { cursor: `${request.cursor}${i}` } };
        context.responseTrailer.set('sent', '50');
      },
    });
    let trailer = new Headers();
    const cursors: string[] = [];
    const answers = open(server.address).users.watchUsers(
      { cursor: 'c' },
      {
        onTrailer: (received) => {
          trailer = received;
        },
      },
    );
    for await (const answer of answers) cursors.push(answer.checkpoint?.cursor ?? '');
    expect(cursors).toEqual(Array.from({ length: 50 }, (_, i) => `c${i}`));
    expect(trailer.get('sent')).toBe('50');
  });

  it('delivers the messages before the error, then the error with its reason', async () => {
    const server = await serve({
      async *watchUsers() {
        yield { checkpoint: { cursor: '1' } };
        const value = { reason: 'CURSOR_EXPIRED', domain: 'rollcall' };
        throw new ConnectError('too old', Code.OutOfRange, undefined, [{ desc: ErrorInfoSchema, value }]);
      },
    });
    const cursors: string[] = [];
    const read = async () => {
      for await (const answer of open(server.address).users.watchUsers({}))
        cursors.push(answer.checkpoint?.cursor ?? '');
    };
    const error = await failure(read());
    expect(cursors).toEqual(['1']);
    expect(error.code).toBe(Code.OutOfRange);
    expect(errorReason(error)?.reason).toBe('CURSOR_EXPIRED');
  });

  it('outlives the default deadline, ends at its own, and ends on its signal', async () => {
    const server = await serve({
      async *watchUsers(_, { signal }) {
        yield { checkpoint: { cursor: '1' } };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    const { users } = open(server.address, { defaultTimeoutMs: 20 });
    const controller = new AbortController();
    const watch = users.watchUsers({}, { signal: controller.signal })[Symbol.asyncIterator]();
    await watch.next();
    const next = failure(watch.next());
    const limited = async () => {
      for await (const _ of users.watchUsers({}, { timeoutMs: 100 }));
    };
    expect((await failure(limited())).code).toBe(Code.DeadlineExceeded);
    controller.abort();
    expect((await next).code).toBe(Code.Canceled);
  });

  it('ends with UNAVAILABLE when its server dies, and with CANCELED when its transport closes', async () => {
    const server = await serve({
      async *watchUsers(_, { signal }) {
        yield {};
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    const [one, two] = [open(server.address), open(server.address)];
    const [first, second] = [one, two].map(({ users }) => users.watchUsers({})[Symbol.asyncIterator]());
    await Promise.all([first?.next(), second?.next()]);
    const [closed, died] = [first, second].map((watch) => failure(watch?.next() ?? never()));
    one.transport.close();
    expect((await closed)?.code).toBe(Code.Canceled);
    server.kill();
    expect([Code.Unavailable, Code.Canceled]).toContain((await died)?.code);
  });
});
