import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { TouchedViewsSchema, UserSchema, UserService, UserView } from '@rollcall/contract/user';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserAdminClient } from '../admin.ts';
import { withCache } from '../cache/with-cache.ts';
import { createUserClient, type UserClient, type UserClientOptions } from '../index.ts';
import { compactUser } from '../model/compact-user.ts';
import { createCounters } from '../model/counters.ts';
import type { UserReader } from '../model/user-reader.ts';
import { createFakeUserService, type FakeUserService } from '../testing/index.ts';
import { UserCache } from './user-cache.ts';

const { REFERENCE, BASIC, FULL } = UserView;
const [ADA, BEN] = [randomUUID(), randomUUID()];

let opened: AsyncDisposableStack;
let fake: FakeUserService;
beforeEach(() => {
  opened = new AsyncDisposableStack();
  fake = opened.use(createFakeUserService());
  for (const id of [ADA, BEN]) fake.users.put('acme', id, { firstName: 'Ada', email: `${id}@example.com` });
});
afterEach(() => opened.disposeAsync());

/** A client that follows the feed, and has the user in this view. */
async function openWarm(view: UserView, options: Partial<UserClientOptions> = {}): Promise<UserClient> {
  const settings = { transport: fake.transport, tenantId: 'acme', view, timeoutMs: 5_000 };
  const users = opened.use(createUserClient({ ...settings, ...options }));
  await users.getUser(ADA);
  await expect.poll(() => users.stats().feed.state).toBe('watching');
  return users;
}

/** Records statistics of the user, and waits until the client has seen the change. */
async function record(users: UserClient, figures: object, id = ADA): Promise<void> {
  const heard = users.stats().feed.changes;
  const admin = opened.use(createUserAdminClient({ transport: fake.transport }));
  await admin.recordStatistics({ tenantId: 'acme', id, source: 'booking', revision: 1n, ...figures });
  await expect.poll(() => users.stats().feed.changes).toBeGreaterThan(heard);
}

const BOOKING = { totalBookings: 1n };
const REVIEW = { averageRating: 5, totalReviews: 1 };
const asked = () => fake.requests(UserService.method.batchGetUsers).length;

describe('a change that a view does not show', () => {
  it('A4: raises the user to its version without a read, to the answer of the service', async () => {
    const users = await openWarm(REFERENCE);
    const before = asked();
    await record(users, BOOKING);
    const raised = await users.getUser(ADA, { minVersion: 2n });
    expect(asked()).toBe(before);
    expect(users.stats()).toMatchObject({ raised: 1, refreshes: 0 });
    const other = opened.use(createUserClient({ transport: fake.transport, tenantId: 'acme' }));
    expect(raised).toEqual(await other.getUser(ADA));
    expect(raised).toMatchObject({ version: 2n, etag: 'v2' });
  });

  it('A4: leaves the user served in an outage, with the reason where it is from before', async () => {
    const users = await openWarm(REFERENCE, { ttlMs: 1, liveTtlMs: 600_000 });
    await record(users, BOOKING);
    fake.down();
    await expect.poll(async () => (await users.lookup(ADA)).outcome).toBe('found');
    await expect
      .poll(() => users.lookup(ADA), { timeout: 10_000 })
      .toMatchObject({
        outcome: 'found',
        version: 2n,
        source: 'stale',
        degraded: { reason: expect.any(String) },
      });
  });

  it('A4: raises a user of the snapshot file, where that is of the same feed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-touched-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const snapshotPath = join(folder, 'users.snapshot');
    await (await openWarm(REFERENCE, { snapshotPath })).close();
    const settings = { transport: fake.transport, tenantId: 'acme', timeoutMs: 5_000, snapshotPath };
    const users = opened.use(createUserClient(settings));
    // Another user, so that the one of the file is not read again.
    await users.getUser(BEN);
    await expect.poll(() => users.stats().feed.state).toBe('watching');
    await record(users, BOOKING);
    fake.down();
    expect(await users.lookup(ADA)).toMatchObject({ source: 'snapshot', version: 2n, user: { etag: 'v2' } });
  });

  it('A4: raises the survivor of a merge under every id that leads to it', async () => {
    fake.users.merge('acme', BEN, ADA);
    const users = await openWarm(REFERENCE);
    await users.getUser(BEN);
    const before = asked();
    await record(users, BOOKING);
    for (const id of [ADA, BEN]) expect(users.peek(id)).toMatchObject({ id: ADA, version: 3n });
    expect(asked()).toBe(before);
  });

  it('A4: counts as known in the version that the client names', async () => {
    let nowMs = 0;
    const users = await openWarm(REFERENCE, { clock: () => nowMs });
    await record(users, BOOKING);
    nowMs = 3_600_000;
    expect(await users.lookup(ADA)).toMatchObject({ source: 'service', version: 2n });
    expect(fake.requests(UserService.method.batchGetUsers).at(-1)?.knownUnratedVersions).toEqual({
      [ADA]: 2n,
    });
  });

  it('counts as known in the version that the client names, with or without ratings', async () => {
    let nowMs = 0;
    fake.users.update('acme', BEN, { totalReviews: 3 });
    const users = await openWarm(REFERENCE, { clock: () => nowMs });
    await users.getUser(BEN);
    nowMs = 3_600_000;
    await users.lookupMany([ADA, BEN]);
    expect(fake.requests(UserService.method.batchGetUsers).at(-1)).toMatchObject({
      knownVersions: { [BEN]: 2n },
      knownUnratedVersions: { [ADA]: 1n },
    });
    await users.getUser(ADA, { view: BASIC });
    nowMs = 7_200_000;
    await users.getUser(ADA, { view: BASIC });
    const last = fake.requests(UserService.method.batchGetUsers).at(-1);
    expect(last).toMatchObject({ knownVersions: { [ADA]: 1n }, knownUnratedVersions: {} });
  });
});

describe('a change of ratings alone', () => {
  it('leaves a reference served, and read again in the background', async () => {
    const users = await openWarm(REFERENCE);
    await record(users, REVIEW);
    expect(users.describe(ADA).entries).toMatchObject([{ version: '1', dueVersion: '2', isFresh: true }]);
    expect(await users.lookup(ADA)).toMatchObject({ outcome: 'found', source: 'cache', version: 1n });
    await expect
      .poll(() => users.peek(ADA))
      .toMatchObject({ version: 2n, averageRating: 5, totalReviews: 1 });
  });

  it('leaves a reference served in an outage, from memory and from the snapshot file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-stars-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const snapshotPath = join(folder, 'users.snapshot');
    const users = await openWarm(REFERENCE, { snapshotPath, breaker: { resetTimeoutMs: 600_000 } });
    await record(users, REVIEW);
    fake.down();
    while (users.stats().breaker === 'closed') await users.lookup(randomUUID());
    expect(await users.lookup(ADA)).toMatchObject({ outcome: 'found', source: 'stale', version: 1n });
    await users.close();
    const settings = { transport: fake.transport, tenantId: 'acme', snapshotPath };
    const later = opened.use(createUserClient(settings));
    expect(await later.lookup(ADA)).toMatchObject({ outcome: 'found', source: 'snapshot', version: 1n });
  });
});

describe('a change of statistics alone', () => {
  it('A4: leaves the user served, and read again in the background', async () => {
    const users = await openWarm(BASIC);
    const before = asked();
    await record(users, REVIEW);
    expect(users.describe(ADA).entries).toMatchObject([{ version: '1', dueVersion: '2', isFresh: true }]);
    expect(users.describe(ADA).minVersion).toBe('2');
    expect(await users.lookup(ADA)).toMatchObject({ source: 'cache', version: 1n });
    await expect.poll(() => users.peek(ADA)).toMatchObject({ version: 2n, averageRating: 5 });
    expect(asked()).toBe(before + 1);
    expect(users.stats()).toMatchObject({ refreshes: 1, raised: 0 });
    expect(users.describe(ADA).entries[0]).not.toHaveProperty('dueVersion');
  });

  it('A4: leaves the user served in an outage, marked with the reason', async () => {
    const users = await openWarm(FULL, { breaker: { resetTimeoutMs: 600_000 } });
    await record(users, BOOKING);
    fake.down();
    while (users.stats().breaker === 'closed') await users.lookup(randomUUID());
    const known = { outcome: 'found', version: 1n, source: 'stale', degraded: { reason: 'breaker_open' } };
    expect(await users.lookup(ADA)).toMatchObject(known);
    expect(await users.lookupMany([ADA])).toMatchObject([known]);
    expect(await users.getUser(ADA)).toMatchObject({ version: 1n });
    // A caller that asks for the version gets no older one.
    expect(await users.lookup(ADA, { minVersion: 2n })).toMatchObject({ outcome: 'unavailable' });
  });

  it('A4: is followed by changes that the view does not show, and ended by one that it shows', async () => {
    const users = await openWarm(BASIC, { refreshAheadRatio: 0.9 });
    await record(users, REVIEW);
    await record(users, { ...BOOKING, ...REVIEW, revision: 2n });
    expect(users.describe(ADA).entries).toMatchObject([{ version: '1', dueVersion: '3' }]);
    fake.users.update('acme', ADA, { firstName: 'Augusta' });
    await expect.poll(() => users.describe(ADA).entries).toEqual([]);
  });

  it('A4: is read at the next call where there are no background reads', async () => {
    const users = await openWarm(BASIC, { refreshAheadRatio: 0 });
    await record(users, REVIEW);
    expect(await users.lookup(ADA)).toMatchObject({ source: 'service', version: 2n });
  });
});

const user = (version: bigint, id = ADA) => {
  const updateTime = timestampFromMs(Number(version));
  return compactUser(create(UserSchema, { id, tenantId: 'acme', version, updateTime, etag: `v${version}` }));
};

const touched = (views: UserView[], figureViews: UserView[] = []) =>
  create(TouchedViewsSchema, { views, figureViews, updateTime: timestampFromMs(9), etag: 'v9' });

describe('the entries of a user', () => {
  const open = () => {
    const cache = new UserCache({ maxEntries: 9, maxBytes: 1e6, maxMissingEntries: 9, maxSeenVersions: 9 });
    for (const view of [REFERENCE, BASIC, FULL])
      cache.putUser({ tenantId: 'acme', view }, ADA, { user: user(1n), readAtMs: 0 });
    const versions = () =>
      [REFERENCE, BASIC, FULL].map((view) => cache.getUser({ tenantId: 'acme', view }, ADA)?.user.version);
    return { cache, versions };
  };
  const see = (cache: UserCache, version: bigint, touchedViews?: ReturnType<typeof touched>) =>
    cache.recordChange('acme', ADA, { version, seenAtMs: 1, touchedViews });

  it('A4: are kept in the views that a change does not touch', () => {
    const { cache, versions } = open();
    expect(see(cache, 2n, touched([BASIC], [FULL]))).toBe(1);
    expect(versions()).toEqual([2n, undefined, 1n]);
    expect(cache.getKnownVersion('acme', ADA)?.version).toBe(2n);
    // A repeated change has no effect.
    expect(see(cache, 2n, touched([REFERENCE, BASIC, FULL]))).toBe(0);
    expect(versions()).toEqual([2n, undefined, 1n]);
  });

  it('of REFERENCE are read again also where an older service names the larger views only', () => {
    const { cache } = open();
    see(cache, 2n, touched([], [BASIC, FULL]));
    const entry = cache.getUser({ tenantId: 'acme', view: REFERENCE }, ADA);
    expect(entry).toMatchObject({ user: { version: 1n }, dueVersion: 2n });
  });

  it.each([
    ['a version was missed', 3n, touched([FULL])],
    ['the service does not say what is touched', 2n, undefined],
    ['it does not say what every view shows', 2n, create(TouchedViewsSchema, { views: [FULL] })],
  ])('A4: are forgotten where %s', (_, version, views) => {
    const { cache, versions } = open();
    expect(see(cache, version, views)).toBe(0);
    expect(versions()).toEqual([undefined, undefined, undefined]);
    expect(cache.getKnownVersion('acme', ADA)?.version).toBe(version);
  });

  it('A4: leave the highest version behind when they are evicted while due', () => {
    const { cache } = open();
    see(cache, 2n, touched([], [REFERENCE, BASIC, FULL]));
    for (let i = 0; i < 9; i++) {
      const id = randomUUID();
      cache.putUser({ tenantId: 'acme', view: REFERENCE }, id, { user: user(1n, id), readAtMs: 0 });
    }
    expect(cache.entriesOf('acme', ADA)).toEqual([]);
    expect(cache.getKnownVersion('acme', ADA)?.version).toBe(2n);
  });
});

describe('a read in flight', () => {
  it.each([
    ['is raised to changes that its view does not show', [FULL], 1],
    ['is asked again where its view shows one', [REFERENCE], 2],
  ])('A4: %s', async (_, views, reads) => {
    const answers: PromiseWithResolvers<void>[] = [];
    let current = 1n;
    const service: UserReader = {
      async readMany(_scope, asked) {
        const version = current;
        const answer = Promise.withResolvers<void>();
        answers.push(answer);
        await answer.promise;
        return asked.map(() => ({ outcome: 'found', user: user(version), readAtMs: 0, source: 'service' }));
      },
    };
    const options = {
      ttlMs: 1_000,
      liveTtlMs: 1_000,
      missingTtlMs: 0,
      liveMissingTtlMs: 0,
      timeoutMs: 60_000,
    };
    const limits = { maxEntries: 9, maxBytes: 1e6, maxMissingEntries: 9, maxSeenVersions: 9 };
    const cached = withCache(service, new UserCache(limits), {
      options: { ...options, maxStaleMs: 1_000, refreshAheadRatio: 0.8, degrade: 'stale' },
      clock: () => 0,
      counters: createCounters(),
    });
    const scope = { tenantId: 'acme', view: REFERENCE };
    const read = cached.readMany(scope, [{ id: ADA, minVersion: 0n }], { deadlineAtMs: 60_000 });
    await expect.poll(() => answers.length).toBe(1);
    current = 2n;
    const seen = { tenantId: 'acme', id: ADA, version: 2n };
    cached.onChanges([{ ...seen, touchedViews: touched(views as UserView[]) }]);
    answers[0]?.resolve();
    await expect.poll(() => answers.length).toBe(reads);
    answers[1]?.resolve();
    expect(await read).toMatchObject([{ outcome: 'found', user: { version: 2n } }]);
    expect(answers).toHaveLength(reads as number);
  });
});
