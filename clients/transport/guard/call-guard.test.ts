import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  type Code,
  Code as Codes,
  ConnectError,
  createClient,
  createServiceImplSpec,
  type ServiceImpl,
} from '@connectrpc/connect';
import { ERROR_DOMAIN, ErrorInfoSchema, RetryInfoSchema } from '@rollcall/contract';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '@rollcall/contract/health';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withDeadline } from '../call/call-deadline.ts';
import { createGrpcTransport } from '../grpc-transport.ts';
import { createServiceClient, openTransport } from '../open-transport.ts';
import { startGrpcTestServer } from '../testing/grpc-test-server.ts';
import { type CallGuard, createCallGuard, isTargetUnavailable } from './call-guard.ts';
import { type CallEnd, observeCalls } from './observe-calls.ts';

const TIMEOUT_MS = 150;
const RESET_MS = 100;
const SEARCH = 'rollcall.user.v1.UserAdminService/SearchUsers';
const RECORD = 'rollcall.user.v1.UserAdminService/RecordActivity';
const CHECK = 'grpc.health.v1.Health/Check';

const stack = new AsyncDisposableStack();
/** The behaviour of the service: hang, answer, or fail with this code. */
let behaviour: 'hangs' | 'answers' | ConnectError;
let isServing: boolean;
/** Calls that reached the service, by method. */
let reached: Record<string, number>;
let address: string;

async function serve(method: string): Promise<object> {
  reached[method] = (reached[method] ?? 0) + 1;
  if (behaviour === 'hangs') return await new Promise<never>(() => {});
  if (behaviour !== 'answers') throw behaviour;
  return {};
}

beforeAll(async () => {
  const checks: Pick<ServiceImpl<typeof Health>, 'check'> = {
    check: async () => {
      await serve(CHECK);
      return { status: isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING };
    },
  };
  const watches: Pick<ServiceImpl<typeof UserService>, 'watchUsers'> = {
    async *watchUsers() {
      yield await serve('watch');
    },
  };
  const others = [
    createServiceImplSpec<typeof Health>(Health, checks),
    createServiceImplSpec<typeof UserService>(UserService, watches),
  ];
  const server = stack.use(
    await startGrpcTestServer(
      UserAdminService,
      { searchUsers: () => serve(SEARCH), recordActivity: () => serve(RECORD) },
      { others },
    ),
  );
  address = server.address;
});
afterAll(() => stack.disposeAsync());

let test: DisposableStack;
let guard: CallGuard;
type Admin = ReturnType<typeof createServiceClient<typeof UserAdminService>>;
/** Its deadline is short for a service that hangs, and long enough for an answer on a busy machine. */
let admin: Admin;
let adminWithLongDeadline: Admin;
let seen: { ends: CallEnd[]; refused: string[]; states: string[] };
beforeEach(() => {
  behaviour = 'answers';
  isServing = true;
  reached = {};
  seen = { ends: [], refused: [], states: [] };
  test = new DisposableStack();
  guard = test.use(
    createCallGuard({
      target: 'auth',
      breaker: { resetTimeoutMs: RESET_MS, volumeThreshold: 8 },
      observer: {
        onEnd: (end) => seen.ends.push(end),
        onRefused: ({ target, method }) => seen.refused.push(`${target} ${method}`),
        onState: ({ target, state }) => seen.states.push(`${target} ${state}`),
      },
    }),
  );
  const connect = (defaultTimeoutMs: number) =>
    test.use(createServiceClient(UserAdminService, { address, guard, defaultTimeoutMs }));
  admin = connect(TIMEOUT_MS);
  adminWithLongDeadline = connect(20_000);
  return () => test.dispose();
});

const client = () => (behaviour === 'hangs' ? admin : adminWithLongDeadline);
const search = () => client().searchUsers({ tenantId: 'acme', query: 'ada' });
const record = () => client().recordActivity({ tenantId: 'acme', id: 'u' });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: ConnectError) => Codes[error.code],
  );

async function trip(call: () => Promise<unknown>): Promise<void> {
  behaviour = 'hangs';
  for (let i = 0; i < 2; i++) expect(await codeOf(call())).toBe('DeadlineExceeded');
  expect(guard.state).toBe('open');
}

const isClosed = () => expect.poll(() => guard.state, { timeout: 10_000, interval: 10 }).toBe('closed');

describe('a guard of calls', () => {
  it('outgoing-breakers: refuses calls at once after two consecutive timeouts, and names the target', async () => {
    await trip(search);
    const before = { ...reached };
    const error = await search().catch((reason: unknown) => reason);
    expect(isTargetUnavailable(error)).toBe(true);
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ code: Codes.Unavailable, message: expect.stringContaining('auth') });
    // Another method of the target is refused as well: the target hangs, not the method.
    expect(await codeOf(record())).toBe('Unavailable');
    expect(reached[RECORD]).toBeUndefined();
    expect(reached[SEARCH]).toBe(before[SEARCH]);
    expect(seen.refused).toEqual([`auth ${SEARCH}`, `auth ${RECORD}`]);
  });

  it('outgoing-breakers: refuses calls after one that got no connection in time and one behind it', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    test.defer(() => mute.close());
    const sockets = new Set<Socket>();
    mute.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
    test.defer(() => {
      for (const each of sockets) each.destroy();
    });
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    // Only consecutive timeouts count here.
    const breaker = { resetTimeoutMs: 20_000, volumeThreshold: 1000 };
    const own = test.use(createCallGuard({ target: 'auth', breaker }));
    const connection = { address: `127.0.0.1:${port}`, guard: own, connectTimeoutMs: 600 };
    const client = test.use(
      createServiceClient(UserAdminService, { ...connection, defaultTimeoutMs: 20_000 }),
    );
    const call = () => codeOf(client.recordActivity({ tenantId: 'acme', id: 'u' }));
    expect(await call()).toBe('Unavailable');
    expect(own.state).toBe('closed');
    expect(await call()).toBe('Unavailable');
    expect(own.state).toBe('open');
  });

  it('outgoing-breakers: repeats the failed read in the background until the target answers', async () => {
    await trip(search);
    await expect.poll(() => reached[SEARCH], { timeout: 10_000 }).toBeGreaterThan(3);
    behaviour = 'answers';
    await isClosed();
    expect(await codeOf(search())).toBe('OK');
    expect(seen.states[0]).toBe('auth closed');
    expect(seen.states).toContain('auth half-open');
    expect(seen.states.at(-1)).toBe('auth closed');
  });

  it('outgoing-breakers: repeats no write, and checks the health of the target in its place', async () => {
    await trip(record);
    await expect.poll(() => reached[CHECK], { timeout: 10_000 }).toBeGreaterThan(0);
    // The service answers that it does not serve.
    behaviour = 'answers';
    isServing = false;
    const before = reached[CHECK] ?? 0;
    await expect.poll(() => reached[CHECK], { timeout: 10_000 }).toBeGreaterThan(before + 1);
    expect(guard.state).not.toBe('closed');
    isServing = true;
    await isClosed();
    expect(reached[RECORD]).toBe(2);
    expect(await codeOf(record())).toBe('OK');
  });

  it.each([
    Codes.InvalidArgument,
    Codes.NotFound,
    Codes.AlreadyExists,
    Codes.PermissionDenied,
    Codes.Unauthenticated,
    Codes.FailedPrecondition,
    Codes.OutOfRange,
    Codes.Unimplemented,
    Codes.ResourceExhausted,
    Codes.Aborted,
  ])('outgoing-breakers: stays closed while calls are refused with %s', async (code: Code) => {
    behaviour = new ConnectError('no', code);
    for (let i = 0; i < 20; i++) expect(await codeOf(search())).toBe(Codes[code]);
    expect(guard.state).toBe('closed');
  });

  it('outgoing-breakers: resets the count of timeouts with each response, a refusal included', async () => {
    const refused = new ConnectError('no', Codes.NotFound);
    for (const each of ['hangs', refused, 'hangs', 'answers', 'hangs'] as const) {
      behaviour = each;
      await codeOf(record());
    }
    expect(guard.state).toBe('closed');
    await codeOf(record());
    expect(guard.state).toBe('open');
  });

  it('outgoing-breakers: opens when most of many calls fail', async () => {
    behaviour = new ConnectError('broken', Codes.Internal);
    for (let i = 0; i < 8; i++) expect(await codeOf(record())).toBe('Internal');
    expect(guard.state).toBe('open');
  });

  it('outgoing-breakers: follows the back-off requested from a caller over its limit', async () => {
    behaviour = new ConnectError('slow down', Codes.ResourceExhausted, undefined, [
      { desc: ErrorInfoSchema, value: { reason: 'RATE_LIMITED', domain: ERROR_DOMAIN } },
      { desc: RetryInfoSchema, value: { retryDelay: { seconds: 30n } } },
    ]);
    expect(await codeOf(record())).toBe('ResourceExhausted');
    behaviour = 'answers';
    expect(await codeOf(record())).toBe('ResourceExhausted');
    expect(reached[RECORD]).toBe(1);
    expect(guard.state).toBe('closed');
  });

  it('outgoing-breakers: ignores a call with a very short deadline', async () => {
    behaviour = 'hangs';
    for (let i = 0; i < 12; i++) expect(await codeOf(withDeadline(10, search))).toBe('DeadlineExceeded');
    for (let i = 0; i < 12; i++) expect(await codeOf(withDeadline(0, search))).toBe('DeadlineExceeded');
    expect(guard.state).toBe('closed');
  });

  it('outgoing-breakers: counts a call that its caller cancels at its deadline', async () => {
    behaviour = 'hangs';
    const taken = () =>
      withDeadline(TIMEOUT_MS + 20, () => {
        const canceled = new AbortController();
        setTimeout(() => canceled.abort(), TIMEOUT_MS - 10);
        return admin.recordActivity({}, { signal: canceled.signal, timeoutMs: 60_000 });
      });
    for (let i = 0; i < 2; i++) expect(await codeOf(taken())).toBe('DeadlineExceeded');
    expect(guard.state).toBe('open');
  });

  it('outgoing-breakers: ignores a call that its caller cancels before its deadline', async () => {
    behaviour = 'hangs';
    for (let i = 0; i < 12; i++) {
      const canceled = new AbortController();
      const call = admin.recordActivity({}, { signal: canceled.signal });
      canceled.abort();
      expect(await codeOf(call)).toBe('Canceled');
    }
    expect(guard.state).toBe('closed');
  });

  it('outgoing-breakers: refuses streams while its breaker is open', async () => {
    const users = test.use(createServiceClient(UserService, { address, guard }));
    const watch = () => Array.fromAsync(users.watchUsers({ tenantIds: ['acme'] }));
    expect(await watch()).toHaveLength(1);
    await trip(record);
    expect(await watch().catch(isTargetUnavailable)).toBe(true);
    expect(reached.watch).toBe(1);
  });

  it('outgoing-breakers: reports each call that was sent, its probes included', async () => {
    await search();
    behaviour = new ConnectError('no', Codes.NotFound);
    await codeOf(record());
    await trip(record);
    behaviour = 'answers';
    await isClosed();
    const codes = (method: string) =>
      seen.ends.filter((end) => end.method === method).map(({ target, code }) => `${target} ${code}`);
    expect(codes(SEARCH)).toEqual(['auth OK']);
    expect(codes(RECORD)).toEqual(['auth NOT_FOUND', 'auth DEADLINE_EXCEEDED', 'auth DEADLINE_EXCEEDED']);
    expect(codes(CHECK).slice(-3)).toEqual(['auth OK', 'auth OK', 'auth OK']);
    for (const { seconds } of seen.ends) expect(seconds).toBeGreaterThanOrEqual(0);
  });

  it('outgoing-breakers: guards a transport that was passed in, and refuses all calls once closed', async () => {
    const transport = test.use(createGrpcTransport({ address, defaultTimeoutMs: 20_000 }));
    const opened = openTransport({ transport, guard }, [UserAdminService]);
    const guarded = createClient(UserAdminService, opened.transport);
    expect(await codeOf(guarded.searchUsers({}))).toBe('OK');
    guard.close();
    expect(await codeOf(guarded.searchUsers({}))).toBe('Unavailable');
  });
});

it('outgoing-breakers: reports calls of a client with a breaker of its own', async () => {
  const observer = { onEnd: (end: CallEnd) => void seen.ends.push(end) };
  const interceptors = [observeCalls('auth', observer)];
  const observed = test.use(createServiceClient(UserAdminService, { address, interceptors }));
  await observed.searchUsers({});
  behaviour = new ConnectError('no', Codes.PermissionDenied);
  expect(await codeOf(observed.searchUsers({}))).toBe('PermissionDenied');
  expect(seen.ends.map(({ method, code }) => `${method} ${code}`)).toEqual([
    `${SEARCH} OK`,
    `${SEARCH} PERMISSION_DENIED`,
  ]);
});
