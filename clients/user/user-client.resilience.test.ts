import { randomUUID } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import { ERROR_DOMAIN, ErrorInfoSchema, RetryInfoSchema } from '@rollcall/contract';
import { UserService } from '@rollcall/contract/user';
import { withDeadline } from '@rollcall/transport';
import { type GrpcTestServer, startGrpcTestServer } from '@rollcall/transport/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createUserClient,
  type UserClient,
  type UserClientOptions,
  type UserOutcome,
  type UserReadOptions,
} from './index.ts';
import { MapUserService } from './testing/map-user-service.ts';

const [ANN, BEN] = [randomUUID(), randomUUID()];
const never = () => new Promise<never>(() => {});

let opened: AsyncDisposableStack;
let service: MapUserService;
let server: GrpcTestServer;
let nowMs: number;

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  service = new MapUserService();
  server = opened.use(await startGrpcTestServer(UserService, service));
  nowMs = 0;
  for (const id of [ANN, BEN]) service.put('acme', id, { email: `${id}@example.com` });
});
afterEach(() => opened.disposeAsync());

function open(options: Partial<UserClientOptions> = {}): UserClient {
  return opened.use(createUserClient({ address: server.address, tenantId: 'acme', ...options }));
}

describe('a read within a call that is served', () => {
  it('waits no longer than that call has left, and answers from memory', async () => {
    const users = open({ timeoutMs: 600_000, ttlMs: 0 });
    await users.getUser(ANN);
    service.pause = never;
    const lookups = await withDeadline(50, () => users.lookupMany([ANN, BEN]));
    expect(lookups).toMatchObject([
      { outcome: 'found', source: 'stale', degraded: { reason: 'deadline_exceeded' } },
      { outcome: 'unavailable', degraded: { reason: 'deadline_exceeded' } },
    ]);
    expect(await withDeadline(50, () => users.resolve({ email: 'x@example.com' }))).toMatchObject({
      outcome: 'unavailable',
    });
  });

  it('does not shorten the wait of a caller that shares it and has more time', async () => {
    const users = open({ timeoutMs: 20_000 });
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    service.pause = () => answered;
    const hurried = withDeadline(50, () => users.lookup(ANN));
    const patient = users.lookup(ANN);
    expect(await hurried).toMatchObject({ outcome: 'unavailable' });
    answer();
    expect(await patient).toMatchObject({ outcome: 'found', source: 'service' });
    expect(service.batches).toHaveLength(1);
  });

  it('sends nothing for a caller whose deadline has passed', async () => {
    const users = open();
    expect(await withDeadline(0, () => users.lookup(ANN))).toMatchObject({ outcome: 'unavailable' });
    expect(await withDeadline(0, () => users.resolve({ email: `${ANN}@example.com` }))).toMatchObject({
      outcome: 'unavailable',
    });
    expect(service.batches).toHaveLength(0);
  });
});

describe('a service that hangs', () => {
  const five = Array.from({ length: 5 }, () => randomUUID());
  const reasons = (lookups: readonly UserOutcome[]) =>
    lookups.map((lookup) => (lookup.outcome === 'unavailable' ? lookup.degraded.reason : lookup.outcome));
  const SLOW_SLOW_AWAY = [
    ...['deadline_exceeded', 'deadline_exceeded'],
    ...['breaker_open', 'breaker_open', 'breaker_open'],
  ];

  it('A5: is waited for by two reads, one after the other, and by no more', async () => {
    const users = open({ timeoutMs: 50, breaker: { resetTimeoutMs: 600_000 } });
    await users.getUser(ANN, { timeoutMs: 20_000 });
    service.pause = never;
    const asked = service.batches.length;
    const lookups: UserOutcome[] = [];
    for (const id of five) lookups.push(await users.lookup(id));
    expect(reasons(lookups)).toEqual(SLOW_SLOW_AWAY);
    expect(service.batches.length - asked).toBe(2);
    expect(users.stats().breaker).toBe('open');
  });

  it('A5: is waited for in the same way by other keys', async () => {
    const users = open({ timeoutMs: 50, breaker: { resetTimeoutMs: 600_000 } });
    service.pause = never;
    const lookups: UserOutcome[] = [];
    for (const id of five) lookups.push(await users.resolve({ email: `${id}@example.com` }));
    expect(reasons(lookups)).toEqual(SLOW_SLOW_AWAY);
  });

  it.each([
    ['ids', (users: UserClient, options?: UserReadOptions) => users.lookup(BEN, options)],
    [
      'other keys',
      (users: UserClient, options?: UserReadOptions) =>
        users.resolve({ email: `${BEN}@example.com` }, options),
    ],
  ])(
    'A5: is asked by probes of the client once the breaker opened, and by no page, for %s',
    async (_, read) => {
      const resetTimeoutMs = 20;
      const users = open({ timeoutMs: 50, ttlMs: 0, watch: false, breaker: { resetTimeoutMs } });
      await users.getUser(ANN, { timeoutMs: 20_000 });
      const { promise: resumed, resolve: resume } = Promise.withResolvers<void>();
      let asked = 0;
      service.pause = () => {
        asked += 1;
        return resumed;
      };
      for (let i = 0; i < 2; i++) await read(users);
      const { batches } = users.stats();
      for (let page = 0; page < 3; page++) {
        // Another probe has begun since the last page.
        const before = asked;
        await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(before);
        expect(users.peek(ANN)).toBeUndefined();
        expect(await users.getUser(ANN)).toMatchObject({ id: ANN });
        const reason = { degraded: { reason: 'breaker_open' } };
        expect(await users.lookupMany([ANN, BEN])).toMatchObject([
          { source: 'stale', ...reason },
          { outcome: 'unavailable', ...reason },
        ]);
        expect(await users.lookup(ANN, { minVersion: 99n })).toMatchObject(reason);
        expect(await read(users)).toMatchObject({ outcome: 'unavailable', ...reason });
        const [row] = await users.attach([{ id: BEN }], { user: 'id' });
        expect(row?.user).toMatchObject(reason);
      }
      expect(users.stats().batches).toBe(batches);
      resume();
      // No read happens meanwhile.
      await expect.poll(() => users.stats().breaker, { timeout: 10_000 }).toBe('closed');
      expect(await read(users, { timeoutMs: 20_000 })).toMatchObject({ outcome: 'found', source: 'service' });
    },
  );

  it('A5: counts one read as one, in however many calls it was sent', async () => {
    const users = open({ timeoutMs: 50, breaker: { resetTimeoutMs: 600_000 } });
    service.pause = never;
    await users.lookupMany(Array.from({ length: 2_000 }, () => randomUUID()));
    expect(users.stats().batches).toBe(4);
    expect(users.stats().breaker).toBe('closed');
    await users.lookup(ANN);
    expect(users.stats().breaker).toBe('open');
  });

  it('A5: counts a hedged read as one', async () => {
    const users = open({ timeoutMs: 80, hedgeAfterMs: 10, breaker: { resetTimeoutMs: 600_000 } });
    service.pause = never;
    await users.lookup(ANN);
    expect(users.stats().breaker).toBe('closed');
    await users.lookup(ANN);
    expect(users.stats().breaker).toBe('open');
  });
});

describe('a caller with a short deadline', () => {
  it('does not open the breaker for all others', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    service.pause = () => answered;
    const users = open({ timeoutMs: 20_000, breaker: { volumeThreshold: 2 } });
    const [key, options] = [{ email: `${ANN}@example.com` }, { timeoutMs: 20 }];
    for (let i = 0; i < 10; i++)
      expect(await users.resolve(key, options)).toMatchObject({ outcome: 'unavailable' });
    answer();
    expect(users.stats().breaker).toBe('closed');
    expect(await users.resolve(key)).toMatchObject({ outcome: 'found' });
  });

  it('A5: does not make the service look as if it hung', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    service.pause = () => answered;
    const users = open({ timeoutMs: 20_000 });
    for (let i = 0; i < 5; i++)
      expect(await users.lookup(randomUUID(), { timeoutMs: 10 })).toMatchObject({
        outcome: 'unavailable',
        degraded: { reason: 'deadline_exceeded' },
      });
    expect(users.stats().breaker).toBe('closed');
    answer();
    expect(await users.lookup(ANN)).toMatchObject({ outcome: 'found' });
  });
});

describe('a service that says when to return', () => {
  it.each([
    ['RATE_LIMITED', Code.ResourceExhausted, 'rate_limited'],
    ['OVERLOADED', Code.Unavailable, 'service_unavailable'],
  ])('is not asked before, after %s; known users are served meanwhile', async (reason, code, why) => {
    const users = open({ clock: () => nowMs });
    await users.getUser(ANN);
    nowMs = 10_000;
    service.fault = new ConnectError(reason, code, undefined, [
      { desc: ErrorInfoSchema, value: { reason, domain: ERROR_DOMAIN } },
      { desc: RetryInfoSchema, value: { retryDelay: { seconds: 0n, nanos: 400_000_000 } } },
    ]);
    expect(await users.lookup(ANN)).toMatchObject({ source: 'stale', degraded: { reason: why } });
    service.fault = undefined;
    const asked = service.batches.length;
    expect(await users.lookup(ANN)).toMatchObject({ source: 'stale', degraded: { reason: why } });
    expect(await users.lookup(BEN)).toMatchObject({ outcome: 'unavailable', degraded: { reason: why } });
    expect(service.batches).toHaveLength(asked);
    await expect.poll(async () => (await users.lookup(BEN)).outcome, { timeout: 10_000 }).toBe('found');
    expect(await users.lookup(ANN)).toMatchObject({ source: 'service' });
  });
});

describe('hedging', () => {
  it('reads past one server of two that hangs', async () => {
    const lame = new MapUserService();
    for (const id of [ANN, BEN]) lame.put('acme', id);
    const other = opened.use(await startGrpcTestServer(UserService, lame));
    const users = open({
      address: `${server.address},${other.address}`,
      timeoutMs: 20_000,
      ttlMs: 0,
      hedgeAfterMs: 50,
      // A stream would take the turn of one server now and then, and send a hedge to the one that hangs.
      watch: false,
    });
    // Each successful read saves a tenth of a hedge, and both connections must be up.
    await expect
      .poll(
        async () => {
          for (let i = 0; i < 10; i++) await users.lookup(ANN);
          return Math.min(lame.batches.length, service.batches.length);
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThan(60);
    lame.pause = never;
    const before = lame.batches.length;
    for (let i = 0; i < 8; i++)
      expect(await users.lookup(ANN)).toMatchObject({ outcome: 'found', source: 'service' });
    expect(lame.batches.length).toBeGreaterThan(before);
  });
});
