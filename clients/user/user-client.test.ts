import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, createRouterTransport } from '@connectrpc/connect';
import { UserService, UserState, UserView } from '@rollcall/contract/user';
import { type GrpcTestServer, startGrpcTestServer } from '@rollcall/transport/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createUserClient,
  type UserClient,
  type UserClientOptions,
  UserNotFoundError,
  UserUnavailableError,
} from './index.ts';
import { MapUserService, refusal } from './testing/map-user-service.ts';

const [ANN, BEN, CAT, NOBODY] = Array.from({ length: 4 }, () => randomUUID()) as [
  string,
  string,
  string,
  string,
];

let opened: AsyncDisposableStack;
let service: MapUserService;
let server: GrpcTestServer;
let nowMs: number;

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  service = new MapUserService();
  server = opened.use(await startGrpcTestServer(UserService, service));
  nowMs = 0;
  service.put('acme', ANN, { displayName: 'Ann', email: 'ann@example.com' });
  service.put('acme', BEN, { displayName: 'Ben', email: 'ben@example.com' });
});
afterEach(() => opened.disposeAsync());

/** A client whose cache ages only when `nowMs` is moved. */
function open(options: Partial<UserClientOptions> = {}): UserClient {
  return opened.use(
    createUserClient({
      address: server.address,
      tenantId: 'acme',
      clock: () => nowMs,
      maxReconnectBackoffMs: 50,
      ...options,
    }),
  );
}

/** The service is back on its port, with its users. */
async function restart(): Promise<void> {
  server = opened.use(await startGrpcTestServer(UserService, service, { port: server.port }));
}

function ids(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}

/** A sparse array, with a hole in the first place. */
function withHole<Item>(second: Item): Item[] {
  const list: Item[] = [];
  list[1] = second;
  return list;
}

describe('reading', () => {
  it('answers a user, from the service and then from memory', async () => {
    const users = open();
    expect(await users.getUser(ANN)).toMatchObject({ id: ANN, displayName: 'Ann', version: 1n });
    nowMs = 40;
    expect(await users.lookup(ANN)).toMatchObject({
      id: ANN,
      outcome: 'found',
      source: 'cache',
      ageMs: 40,
      version: 1n,
    });
    expect(await users.getUser(ANN)).toBe(users.peek(ANN));
    expect(service.batches).toHaveLength(1);
    expect(users.stats()).toMatchObject({ hits: 2, misses: 1, batches: 1, entries: 1, breaker: 'closed' });
  });

  it('takes ids in any letter case as equal', async () => {
    const users = open();
    const [upper, lower] = await users.lookupMany([ANN.toUpperCase(), ANN]);
    expect(upper).toMatchObject({ id: ANN, outcome: 'found' });
    expect(lower).toEqual(upper);
    expect((await users.getUser(ANN.toUpperCase())).id).toBe(ANN);
    expect(service.batches.map((batch) => [...batch.ids])).toEqual([[ANN]]);
  });

  it('answers every id, in order, with duplicates', async () => {
    const users = open();
    const lookups = await users.lookupMany([NOBODY, BEN, ANN, BEN]);
    expect(lookups.map(({ id, outcome }) => [id, outcome])).toEqual([
      [NOBODY, 'missing'],
      [BEN, 'found'],
      [ANN, 'found'],
      [BEN, 'found'],
    ]);
    expect(await users.lookupMany([])).toEqual([]);
  });

  it('joins ids of many callers in batches of the contract’s size', async () => {
    const users = open();
    const asked = ids(700);
    for (const id of asked) service.put('acme', id, { displayName: id });
    const answered = await Promise.all(asked.map((id) => users.getUser(id)));
    expect(answered.map((user) => user.displayName)).toEqual(asked);
    expect(service.batches.map((batch) => batch.ids.length)).toEqual([350, 350]);
  });

  it('throws an error that names the missing users', async () => {
    const users = open();
    const other = randomUUID();
    const failure = users.getUsers([ANN, NOBODY, other, NOBODY]);
    await expect(failure).rejects.toThrow(UserNotFoundError);
    await expect(failure).rejects.toMatchObject({
      reason: 'user_not_found',
      tenantId: 'acme',
      ids: [NOBODY, other],
    });
    expect(await users.getUsers([BEN, ANN])).toMatchObject([{ id: BEN }, { id: ANN }]);
  });

  it('answers a deleted user, and says so', async () => {
    service.put('acme', ANN, { displayName: 'Ann', state: UserState.DELETED });
    expect(await open().lookup(ANN)).toMatchObject({ outcome: 'deleted', user: { displayName: 'Ann' } });
    expect((await open().getUser(ANN)).state).toBe(UserState.DELETED);
  });

  it('answers the survivor for the id of a user that was merged away', async () => {
    const users = open();
    await users.getUser(BEN);
    service.merge('acme', BEN, ANN);
    nowMs = 6_000;
    expect(await users.lookup(BEN)).toMatchObject({ id: BEN, user: { id: ANN } });
  });

  it('asks for the view of the call, and keeps views apart', async () => {
    const users = open();
    expect((await users.getUser(ANN)).email).toBe('');
    expect((await users.getUser(ANN, { view: UserView.BASIC })).email).toBe('ann@example.com');
    expect((await users.getUser(ANN)).email).toBe('');
    expect((await open({ view: UserView.BASIC }).getUser(ANN)).email).toBe('ann@example.com');
  });

  it('keeps tenants apart, whatever they share', async () => {
    const users = open();
    service.put('other', ANN, { displayName: 'Another Ann' });
    const other = users.forTenant('other');
    const [here, there] = await Promise.all([users.getUser(ANN), other.getUser(ANN)]);
    expect([here.displayName, there.displayName]).toEqual(['Ann', 'Another Ann']);
    expect(await other.lookup(BEN)).toMatchObject({ outcome: 'missing' });
    expect(await users.lookup(BEN)).toMatchObject({ outcome: 'found' });
    users.invalidate(ANN);
    expect(users.peek(ANN)).toBeUndefined();
    expect(other.peek(ANN)?.displayName).toBe('Another Ann');
  });

  it('refuses a user of another tenant, whoever sent it', async () => {
    const transport = createRouterTransport(({ service: serve }) => {
      serve(UserService, {
        batchGetUsers: (request) => ({
          outcomes: request.ids.map((id) => ({
            id,
            outcome: { case: 'user', value: { id, tenantId: 'other' } },
          })),
        }),
      });
    });
    const users = opened.use(createUserClient({ transport, tenantId: 'acme' }));
    expect(await users.lookup(ANN)).toMatchObject({
      outcome: 'unavailable',
      degraded: { reason: 'service_fault' },
    });
  });

  it('returns users that callers cannot change for others', async () => {
    const user = await open().getUser(ANN);
    expect(() => Object.assign(user, { displayName: 'Eve' })).toThrow(TypeError);
  });

  it('shows a change after the ttl, or at once after invalidate', async () => {
    const users = open();
    await users.getUsers([ANN, BEN]);
    service.put('acme', ANN, { displayName: 'Anna' });
    service.put('acme', BEN, { displayName: 'Benno' });
    users.invalidate(ANN.toUpperCase());
    expect((await users.getUsers([ANN, BEN])).map((user) => user.displayName)).toEqual(['Anna', 'Ben']);
    nowMs = 5_000;
    expect((await users.getUsers([ANN, BEN])).map((user) => user.displayName)).toEqual(['Anna', 'Benno']);
    expect(service.batches.at(-1)?.knownUnratedVersions).toEqual({ [ANN]: 2n, [BEN]: 1n });
  });

  it('answers no version older than the caller’s minimum', async () => {
    const users = open();
    await users.getUser(ANN);
    const { version } = service.put('acme', ANN, { displayName: 'Anna' });
    expect((await users.getUser(ANN, { minVersion: version })).displayName).toBe('Anna');
    const ahead = users.lookup(ANN, { minVersion: version + 1n });
    expect(await ahead).toMatchObject({
      outcome: 'unavailable',
      degraded: { reason: 'version_not_reached' },
    });
    expect(users.stats().breaker).toBe('closed');
  });
});

describe('prefetch', () => {
  it('reads users before they are asked for, and ignores an outage', async () => {
    const users = open();
    await users.prefetch([ANN, BEN, NOBODY]);
    expect(users.peek(BEN)?.displayName).toBe('Ben');
    await users.lookupMany([ANN, BEN, NOBODY]);
    expect(service.batches).toHaveLength(1);
    server.kill();
    await users.prefetch([CAT]);
  });
});

describe('describe', () => {
  it('shows what is known of an id, how fresh it is, and whether the service is asked', async () => {
    const users = open();
    await users.getUser(ANN);
    nowMs = 1_000;
    expect(users.describe(ANN.toUpperCase())).toMatchObject({
      tenantId: 'acme',
      id: ANN,
      breaker: 'closed',
      minVersion: '1',
      entries: [{ view: 'REFERENCE', version: '1', ageMs: 1_000, ttlMs: 5_000, isFresh: true }],
    });
    expect(users.describe(BEN)).toMatchObject({ entries: [], missing: [], inFlight: [] });
  });

  it('keeps no missing id longer because it was described', async () => {
    const users = open({ maxMissingEntries: 2 });
    const [first, second, third] = [NOBODY, randomUUID(), randomUUID()];
    const viewsOf = (id: string) => users.describe(id).missing.map(({ view }) => view);
    await users.lookup(first);
    await users.lookup(second);
    expect(viewsOf(first)).toEqual(['REFERENCE']);
    await users.lookup(third);
    expect([first, second, third].map(viewsOf)).toEqual([[], ['REFERENCE'], ['REFERENCE']]);
  });
});

describe('attach', () => {
  it('puts users beside the ids of every column, through one batch', async () => {
    const users = open();
    const rows = [
      { no: 1, customerId: ANN, vendor: { id: BEN.toUpperCase() } },
      { no: 2, customerId: NOBODY, vendor: { id: '' } },
      { no: 3, customerId: null, vendor: { id: ANN } },
    ];
    const attached = await users.attach(rows, { customer: 'customerId', seller: (row) => row.vendor.id });
    expect(attached.map((row) => [row.no, row.customer?.outcome, row.seller?.outcome])).toEqual([
      [1, 'found', 'found'],
      [2, 'missing', undefined],
      [3, undefined, 'found'],
    ]);
    expect(attached[0]?.seller).toMatchObject({ id: BEN, user: { displayName: 'Ben' } });
    expect(service.batches).toHaveLength(1);
    expect(rows[0]).not.toHaveProperty('customer');
    expect(await users.attach([], { customer: () => ANN })).toEqual([]);
  });

  it('names the row and the column of an invalid id', async () => {
    await expect(open().attach([{ a: ANN }, { a: 'x1' }], { user: 'a' })).rejects.toMatchObject({
      option: 'rows[1].user',
    });
    expect(service.batches).toEqual([]);
  });

  it.each<[unknown, unknown, string]>([
    [null, { user: 'a' }, 'rows'],
    [{}, { user: 'a' }, 'rows'],
    [new Set([{ a: ANN }]), { user: 'a' }, 'rows'],
    [[{ a: ANN }], undefined, 'columns'],
    [[{ a: ANN }], null, 'columns'],
    [[{ a: ANN }], 'a', 'columns'],
    [[{ a: ANN }], ['a'], 'columns'],
    [[{ a: ANN }], { user: 5 }, 'columns.user'],
    [[], { user: undefined }, 'columns.user'],
    [[{ a: ANN }, null], { user: 'a' }, 'rows[1].user'],
    [withHole({ a: ANN }), { user: 'a' }, 'rows[0].user'],
    [[{ a: ANN }], { user: () => 5 }, 'rows[0].user'],
    [[{ a: ANN }, {}], { b: 'a', user: (row: { a?: string }) => row.a ?? Number.NaN }, 'rows[1].user'],
    [[{ a: ANN }], { user: () => Symbol('id') }, 'rows[0].user'],
    [[{ a: ANN }], { user: async () => ANN }, 'rows[0].user'],
  ])('refuses an invalid table by name (%#)', async (rows, columns, option) => {
    const users = open();
    await users.getUser(ANN);
    const attached = users.attach(rows as never, columns as never);
    await expect(attached).rejects.toMatchObject({ name: 'UserClientOptionError', option });
    expect(service.batches).toHaveLength(1);
  });
});

describe('resolve', () => {
  it('finds users by other keys, and keeps the users', async () => {
    const users = open();
    expect(await users.resolve({ email: 'ANN@example.com' })).toMatchObject({
      key: { email: 'ANN@example.com' },
      outcome: 'found',
      user: { id: ANN },
    });
    expect(users.peek(ANN)?.displayName).toBe('Ann');
    const keys = [{ source: 'legacy', externalId: '7' }, { email: 'ben@example.com' }];
    expect((await users.resolveMany(keys)).map(({ outcome }) => outcome)).toEqual(['missing', 'found']);
  });

  it('says unavailable, not missing, while the service is down', async () => {
    const users = open();
    server.kill();
    expect(await users.resolve({ email: 'ann@example.com' })).toMatchObject({ outcome: 'unavailable' });
  });

  it('throws where the service does not support it', async () => {
    const transport = createRouterTransport(({ service: serve }) => serve(UserService, {}));
    const users = opened.use(createUserClient({ transport, tenantId: 'acme' }));
    await expect(users.resolve({ email: 'a@b.cd' })).rejects.toMatchObject({
      reason: 'service_refused',
      code: Code.Unimplemented,
    });
  });

  it('refuses keys that are no array, or an array with holes', async () => {
    for (const keys of [undefined, null, 'abc', {}, new Set(), { length: 1 }])
      await expect(open().resolveMany(keys as never)).rejects.toMatchObject({ option: 'keys' });
    const keys = withHole({ email: 'ann@example.com' });
    await expect(open().resolveMany(keys)).rejects.toMatchObject({ option: 'keys[0]' });
  });

  it.each([[{}], [{ email: '' }], [{ email: 'a@b.cd', source: 'x' }], [{ source: 'x' }], [null]])(
    'refuses the key %j',
    async (key) => {
      await expect(open().resolve(key as never)).rejects.toMatchObject({
        reason: 'option_invalid',
        option: 'key',
      });
    },
  );
});

describe('an outage', () => {
  it('leaves known users stale and marked, makes unknown ones unavailable, and ends when the service is back', async () => {
    const users = open({ breaker: { resetTimeoutMs: 20 } });
    await users.getUsers([ANN, BEN]);
    await users.lookup(NOBODY);
    nowMs = 60_000;
    server.kill();
    for (let i = 0; i < 20; i++) {
      const lookups = await users.lookupMany([ANN, BEN, CAT, NOBODY]);
      expect(lookups.map(({ outcome }) => outcome)).toEqual(['found', 'found', 'unavailable', 'unavailable']);
      expect(lookups[0]).toMatchObject({
        source: 'stale',
        ageMs: 60_000,
        degraded: { reason: expect.any(String) },
      });
    }
    await expect(users.getUser(CAT)).rejects.toThrow(UserUnavailableError);
    await expect(users.getUsers([ANN, CAT])).rejects.toMatchObject({
      reason: 'user_unavailable',
      ids: [CAT],
    });
    expect((await users.getUser(ANN)).displayName).toBe('Ann');
    service.put('acme', ANN, { displayName: 'Anna' });
    await restart();
    await expect.poll(async () => (await users.lookup(CAT)).outcome, { timeout: 10_000 }).toBe('missing');
    expect(await users.lookup(ANN)).toMatchObject({ source: 'service', user: { displayName: 'Anna' } });
    expect(await users.lookup(BEN)).toMatchObject({ source: 'service' });
    expect(users.stats().breaker).toBe('closed');
  });

  it('opens the breaker, after which no call is sent until the probe', async () => {
    const users = open({ breaker: { volumeThreshold: 3, resetTimeoutMs: 600_000 }, ttlMs: 0 });
    await users.getUser(ANN);
    service.fault = refusal(Code.Internal, 'INTERNAL', 'broken');
    for (let i = 0; i < 3; i++) await users.lookup(ANN);
    expect(users.stats().breaker).toBe('open');
    const asked = service.batches.length;
    expect(await users.lookup(ANN)).toMatchObject({ source: 'stale', degraded: { reason: 'breaker_open' } });
    expect(await users.lookup(BEN)).toMatchObject({
      outcome: 'unavailable',
      degraded: { reason: 'breaker_open' },
    });
    expect(service.batches).toHaveLength(asked);
  });

  it('ends in time where the service accepts calls and never answers', async () => {
    const users = open({ timeoutMs: 100 });
    await users.getUser(ANN);
    nowMs = 5_000;
    service.pause = () => new Promise(() => {});
    const [known, unknown] = await users.lookupMany([ANN, BEN]);
    expect(known).toMatchObject({ source: 'stale', degraded: { reason: 'deadline_exceeded' } });
    expect(unknown).toMatchObject({ outcome: 'unavailable', degraded: { reason: 'deadline_exceeded' } });
  });

  it('is seen at once by a caller that accepts no stale answers', async () => {
    const users = open();
    await users.getUser(ANN);
    nowMs = 5_000;
    server.kill();
    expect(await users.lookup(ANN, { degrade: 'none' })).toMatchObject({ outcome: 'unavailable' });
    expect(await users.lookup(ANN)).toMatchObject({ source: 'stale' });
    expect(await open({ degrade: 'none' }).lookup(ANN)).toMatchObject({ outcome: 'unavailable' });
  });

  it('leaves names to a process that starts during it, from the snapshot of the earlier one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-client-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const snapshotPath = join(folder, 'users');
    const before = open({ snapshotPath });
    await before.prefetch([ANN, BEN]);
    await before.close();
    server.kill();
    const after = open({ snapshotPath });
    expect(after.peek(ANN)).toBeUndefined();
    expect(await after.lookupMany([ANN, CAT])).toMatchObject([
      { outcome: 'found', source: 'snapshot', user: { displayName: 'Ann' }, degraded: {} },
      { outcome: 'unavailable' },
    ]);
    expect(after.describe(ANN).entries[0]).toMatchObject({ source: 'snapshot', isFresh: false });
    await restart();
    await expect
      .poll(async () => (await after.lookup(ANN)) as { source?: string }, { timeout: 10_000 })
      .toMatchObject({ source: 'service' });
    expect(service.batches.at(-1)?.knownUnratedVersions).toEqual({ [ANN]: 1n });
  });

  it('differs from a refusal', async () => {
    const users = open();
    await users.getUser(ANN);
    nowMs = 5_000;
    service.fault = refusal(Code.PermissionDenied, 'NOT_GRANTED', 'the view FULL is not granted');
    await expect(users.lookup(ANN)).rejects.toMatchObject({
      reason: 'service_refused',
      serviceReason: 'NOT_GRANTED',
      code: Code.PermissionDenied,
    });
  });
});

describe('a token that cannot be had', () => {
  let isIssuerAway: boolean;
  /** How often a token could not be had. */
  let failed = 0;
  function openWithToken(options: Partial<UserClientOptions> = {}): UserClient {
    isIssuerAway = false;
    const callerToken = () => {
      if (!isIssuerAway) return 'opaque';
      failed += 1;
      throw new Error('the issuer is away');
    };
    return open({ callerToken, ttlMs: 0, watch: false, ...options });
  }

  it('leaves known users stale and marked, says why, and opens no breaker', async () => {
    const users = openWithToken({ breaker: { volumeThreshold: 3 } });
    await users.getUser(ANN);
    isIssuerAway = true;
    for (let i = 0; i < 12; i++) {
      const [ann, ben] = await users.lookupMany([ANN, BEN]);
      expect(ann).toMatchObject({ source: 'stale', degraded: { reason: 'service_unavailable' } });
      expect(ben).toMatchObject({
        outcome: 'unavailable',
        degraded: { cause: { message: expect.stringContaining('callerToken failed: the issuer is away') } },
      });
    }
    expect(users.stats().breaker).toBe('closed');
    expect(service.batches).toHaveLength(1);
    isIssuerAway = false;
    expect(await users.lookup(BEN)).toMatchObject({ outcome: 'found', source: 'service' });
  });

  it('does not show that a failed service is back', async () => {
    const users = openWithToken({ breaker: { volumeThreshold: 3, resetTimeoutMs: 20, probes: 1 } });
    service.fault = refusal(Code.Internal, 'INTERNAL', 'broken');
    for (let i = 0; i < 3; i++) await users.lookup(ANN);
    isIssuerAway = true;
    const before = failed;
    // The client goes on asking by itself.
    await expect.poll(() => failed, { timeout: 10_000 }).toBeGreaterThan(before + 2);
    expect(users.stats().breaker).toBe('half-open');
    expect(await users.lookup(ANN)).toMatchObject({ degraded: { reason: 'breaker_open' } });
  });

  it('is reported as it is where callerToken returns something else', async () => {
    const users = openWithToken({ callerToken: () => '' });
    await expect(users.getUser(ANN)).rejects.toMatchObject({
      reason: 'service_refused',
      message: expect.stringMatching(/could not be asked \(InvalidArgument\): callerToken gave ''; it must/),
    });
  });
});

describe('one caller among many', () => {
  it('gives up by its signal, and the others are answered', async () => {
    const users = open();
    const { promise, resolve } = Promise.withResolvers<void>();
    service.pause = () => promise;
    const controller = new AbortController();
    const [one, other] = [users.getUser(ANN, { signal: controller.signal }), users.getUser(ANN)];
    controller.abort();
    await expect(one).rejects.toMatchObject({ reason: 'canceled' });
    resolve();
    expect((await other).displayName).toBe('Ann');
    await expect(users.getUser(BEN, { signal: controller.signal })).rejects.toMatchObject({
      reason: 'canceled',
    });
    expect(service.batches).toHaveLength(1);
  });

  it('has its own deadline, and no time is left where it has passed', async () => {
    const users = open();
    const { promise, resolve } = Promise.withResolvers<void>();
    service.pause = () => promise;
    const patient = users.lookup(ANN);
    expect(await users.lookup(ANN, { timeoutMs: 10 })).toMatchObject({
      outcome: 'unavailable',
      degraded: { reason: 'deadline_exceeded' },
    });
    expect(await users.lookup(BEN, { timeoutMs: 0 })).toMatchObject({
      outcome: 'unavailable',
      degraded: { reason: 'deadline_exceeded' },
    });
    resolve();
    expect(await patient).toMatchObject({ outcome: 'found' });
    expect(service.batches).toHaveLength(1);
  });
});

describe('invalid arguments', () => {
  it.each([
    [{ tenantId: 'Acme' }, 'tenantId'],
    [{ tenantId: '' }, 'tenantId'],
    [{ view: 9 as UserView }, 'view'],
    [{ ttlMs: -1 }, 'ttlMs'],
    [{ ttlMs: 1.5 }, 'ttlMs'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ maxEntries: 0 }, 'maxEntries'],
    [{ ttlMs: 10, maxStaleMs: 9 }, 'maxStaleMs'],
    [{ batchWindowMs: 1_001 }, 'batchWindowMs'],
    [{ breaker: { volumeThreshold: 0 } }, 'breaker.volumeThreshold'],
    [{ address: 'users' }, 'address'],
    [{ address: '10.0.0.1:50051' }, 'tls'],
    [{ transport: createRouterTransport(() => {}) }, 'address'],
  ] satisfies [Partial<UserClientOptions>, string][])(
    'in the options %j are refused by name',
    (options, option) => {
      expect(() => createUserClient({ address: server.address, ...options })).toThrow(
        expect.objectContaining({ reason: 'option_invalid', option }),
      );
    },
  );

  it('include a missing address or transport', () => {
    expect(() => createUserClient({})).toThrow(expect.objectContaining({ option: 'address' }));
    expect(() => createUserClient({ transport: {} as never })).toThrow(
      expect.objectContaining({ option: 'transport' }),
    );
  });

  it('of a call are refused by name, before any call', async () => {
    const users = open({ maxIdsPerCall: 2 });
    const faults: [Promise<unknown>, string][] = [
      [users.getUser('42'), 'id'],
      [users.getUser(undefined as never), 'id'],
      [users.lookupMany([ANN, '']), 'ids[1]'],
      [users.lookupMany([ANN, ANN, ANN]), 'ids'],
      [users.lookupMany('x' as never), 'ids'],
      [users.lookupMany(withHole(ANN)), 'ids[0]'],
      [users.getUsers(withHole(ANN)), 'ids[0]'],
      [users.getUser(ANN, null as never), 'options'],
      [users.lookup(ANN, 'FULL' as never), 'options'],
      [users.lookupMany([ANN], null as never), 'options'],
      [users.attach([{ a: ANN }], { user: 'a' }, null as never), 'options'],
      [users.resolve({ email: 'a@b.cd' }, null as never), 'options'],
      [users.prefetch([ANN], null as never), 'options'],
      [users.lookup(ANN, { signal: new AbortController() as never }), 'signal'],
      [users.lookup(ANN, { signal: null as never }), 'signal'],
      [users.lookup(ANN, { minVersion: 2n ** 63n }), 'minVersion'],
      [users.lookup(ANN, { minVersion: -1n }), 'minVersion'],
      [users.lookup(ANN, { minVersion: 1 as never }), 'minVersion'],
      [users.lookup(ANN, { timeoutMs: Number.NaN }), 'timeoutMs'],
      [users.lookup(ANN, { maxStaleMs: -1 }), 'maxStaleMs'],
      [users.lookup(ANN, { view: 7 as never }), 'view'],
      [users.lookup(ANN, { degrade: 'never' as never }), 'degrade'],
      [users.lookup(ANN, { degrade: 'none', maxStaleMs: 5 }), 'maxStaleMs'],
      [users.prefetch([ANN, 'x']), 'ids[1]'],
    ];
    for (const [fault, option] of faults)
      await expect(fault).rejects.toMatchObject({ reason: 'option_invalid', option });
    expect(() => users.peek('42')).toThrow(expect.objectContaining({ option: 'id' }));
    expect(() => users.describe('42')).toThrow(expect.objectContaining({ option: 'id' }));
    expect(() => users.invalidate('42')).toThrow(expect.objectContaining({ option: 'id' }));
    expect(() => users.forTenant('A B')).toThrow(expect.objectContaining({ option: 'tenantId' }));
    expect(service.batches).toEqual([]);
  });

  it('include a missing tenant', async () => {
    const users = opened.use(createUserClient({ address: server.address }));
    await expect(users.getUser(ANN)).rejects.toMatchObject({ option: 'tenantId' });
    expect((await users.forTenant('acme').getUser(ANN)).displayName).toBe('Ann');
  });
});

describe('the change feed', () => {
  it('covers tenants that showed a user, so that made-up tenant ids take no place in it', async () => {
    const users = open();
    for (const made of ids(5)) await users.forTenant(made).lookup(ANN);
    await users.lookup(NOBODY);
    expect(users.stats().feed).toMatchObject({ tenants: 0, state: 'idle' });
    service.put('acme', CAT, { state: UserState.DELETED });
    await users.lookupMany([NOBODY, CAT]);
    await users.getUser(ANN);
    expect(users.stats().feed.tenants).toBe(1);
  });

  it('covers a tenant whose user is as the snapshot says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-client-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const snapshotPath = join(folder, 'users');
    const before = open({ snapshotPath });
    await before.prefetch([ANN]);
    await before.close();
    const after = open({ snapshotPath });
    expect(after.stats().feed.tenants).toBe(0);
    await after.getUser(ANN);
    expect(service.batches.at(-1)?.knownUnratedVersions).toEqual({ [ANN]: 1n });
    expect(after.stats().feed.tenants).toBe(1);
  });
});

describe('closing', () => {
  it('ends open calls and refuses new ones, for every tenant', async () => {
    const users = open({ timeoutMs: 600_000 });
    const tenant = users.forTenant('acme');
    service.pause = () => new Promise(() => {});
    const waiting = users.getUser(ANN);
    await expect.poll(() => service.batches.length).toBe(1);
    await users.close();
    await users.close();
    await expect(waiting).rejects.toMatchObject({ reason: 'client_closed' });
    await expect(tenant.getUser(ANN)).rejects.toMatchObject({ reason: 'client_closed' });
    expect(users.stats()).toMatchObject({ entries: 0 });
  });

  it('keeps nothing of answers that come afterwards', async () => {
    const transport = createRouterTransport(({ service: serve }) => serve(UserService, service));
    const users = createUserClient({ transport, tenantId: 'acme' });
    const { promise, resolve } = Promise.withResolvers<void>();
    service.pause = () => promise;
    const waiting = users.lookupMany([ANN, NOBODY]);
    await expect.poll(() => service.batches.length).toBe(1);
    await users.close();
    resolve();
    await expect(waiting).rejects.toMatchObject({ reason: 'client_closed' });
    expect(users.stats()).toMatchObject({ entries: 0, missingEntries: 0, seenVersions: 0 });
    expect(users.peek(ANN)).toBeUndefined();
  });

  it('ends calls over a given transport, which goes on with them', async () => {
    const transport = createRouterTransport(({ service: serve }) => serve(UserService, service));
    const users = createUserClient({ transport, tenantId: 'acme', timeoutMs: 600_000 });
    service.pause = () => new Promise(() => {});
    const calls = Promise.allSettled([
      users.getUser(ANN),
      users.lookup(BEN),
      users.resolve({ email: 'ann@example.com' }),
    ]);
    await expect.poll(() => service.batches.length).toBe(1);
    await users.close();
    for (const ended of await calls)
      expect(ended).toMatchObject({ status: 'rejected', reason: { reason: 'client_closed' } });
  });

  it('leaves a given transport open', async () => {
    const transport = createRouterTransport(({ service: serve }) => serve(UserService, service));
    const [one, two] = [
      createUserClient({ transport, tenantId: 'acme' }),
      opened.use(createUserClient({ transport, tenantId: 'acme' })),
    ];
    await one.getUser(ANN);
    await one.close();
    expect((await two.getUser(ANN)).displayName).toBe('Ann');
  });
});
