import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type TouchedViews, TouchedViewsSchema, UserSchema, UserView } from '@rollcall/contract/user';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserClient } from '../index.ts';
import { createCounters } from '../model/counters.ts';
import type { UserAnswer, UserReader } from '../model/user-reader.ts';
import { startSnapshots } from '../snapshot/snapshots.ts';
import { UserCache } from '../store/user-cache.ts';
import { createFakeUserService } from '../testing/index.ts';
import { basic, OPTIONS, outage, scope } from './with-cache.test-support.ts';
import { withCache } from './with-cache.ts';

const { REFERENCE, BASIC, FULL } = UserView;
const { tenantId } = scope;
const id = randomUUID();

let opened: AsyncDisposableStack;
beforeEach(() => {
  opened = new AsyncDisposableStack();
});
afterEach(() => opened.disposeAsync());

/** The fields of a change that these views show. */
function touching(version: bigint, { views = [] as UserView[], figureViews = [] as UserView[] }) {
  const updateTime = timestampFromMs(Number(version));
  const touchedViews: TouchedViews = create(TouchedViewsSchema, {
    ...{ views, figureViews, updateTime, etag: `v${version}` },
  });
  return { tenantId, id, version, touchedViews };
}

const userAt = (version: bigint, displayName = '') =>
  create(UserSchema, {
    id,
    tenantId,
    version,
    displayName,
    etag: `v${version}`,
  });

/** A cache over a service whose answers the test gives one by one. */
function openCache() {
  const state = { nowMs: 1_000_000 };
  const answers: ((answer: (readAtMs: number) => UserAnswer) => void)[] = [];
  const service: UserReader = {
    async readMany() {
      const readAtMs = state.nowMs;
      const { promise, resolve } = Promise.withResolvers<UserAnswer>();
      answers.push((make) => resolve(make(readAtMs)));
      return [await promise];
    },
  };
  const cache = new UserCache({
    maxEntries: 9,
    maxBytes: 1e6,
    maxMissingEntries: 9,
    maxSeenVersions: 9,
  });
  const reader = withCache(service, cache, {
    ...{
      options: OPTIONS,
      clock: () => state.nowMs,
      counters: createCounters(),
    },
  });
  const read = (of = scope) =>
    reader.readMany(of, [{ id, minVersion: 0n }], {
      deadlineAtMs: state.nowMs + 5_000,
    });
  const answer = async (make: (readAtMs: number) => UserAnswer) => {
    await expect.poll(() => answers.length).toBe(1);
    answers.shift()?.(make);
  };
  return { state, cache, reader, read, answer };
}

const found = (user: ReturnType<typeof userAt>) => (readAtMs: number) =>
  ({ outcome: 'found', user, readAtMs, source: 'service' }) as const;
const failed = () => ({ outcome: 'failed', error: outage }) as const;

describe('a user of the earlier database', () => {
  it('A4: does not take on a version of the database that replaced it while its read was in flight', async () => {
    const { reader, read, answer } = openCache();
    const early = read();
    reader.onReplaced();
    reader.onChanges([touching(8n, { views: [FULL] })]);
    await answer(found(userAt(7n, 'Lost')));
    await answer(found(userAt(8n, 'Kept')));
    expect(await early).toMatchObject([{ user: { version: 8n, displayName: 'Kept' } }]);
  });

  it('A4: does not take on such a version from a process that still answers from the earlier database', async () => {
    const { state, reader, read, answer } = openCache();
    reader.onReplaced();
    state.nowMs += 100;
    const soon = read();
    reader.onChanges([touching(8n, { views: [FULL] })]);
    await answer(found(userAt(7n, 'Lost')));
    await answer(found(userAt(8n, 'Kept')));
    expect(await soon).toMatchObject([{ user: { version: 8n, displayName: 'Kept' } }]);
  });

  it('A4: is raised by no change of the other database while it is in memory', async () => {
    const { state, reader, read, answer, cache } = openCache();
    const first = read();
    await answer(found(userAt(7n, 'Lost')));
    await first;
    reader.onReplaced();
    reader.onChanges([touching(8n, { views: [FULL] })]);
    expect(cache.getUser(scope, id)).toBeUndefined();
    state.nowMs += 1_000;
    const after = read();
    await answer(found(userAt(8n, 'Kept')));
    expect(await after).toMatchObject([{ user: { displayName: 'Kept' } }]);
  });
});

describe('ratings or statistics that change while their user is read', () => {
  it('A4: leave the user served and due, also where the service goes down just then', async () => {
    const { reader, read, answer, cache } = openCache();
    const reading = read(basic);
    reader.onChanges([touching(8n, { figureViews: [BASIC, FULL] }), touching(9n, { views: [FULL] })]);
    await answer(found(userAt(7n, 'Ada')));
    expect(await reading).toMatchObject([{ outcome: 'found', user: { version: 7n }, source: 'service' }]);
    expect(cache.getUser(basic, id)).toMatchObject({ dueVersion: 9n });
    const again = read(basic);
    await answer(failed);
    expect(await again).toMatchObject([{ outcome: 'found', user: { version: 7n }, source: 'stale' }]);
  });

  it('A4: do not let a user pass that is older by more than them', async () => {
    const { reader, read, answer, cache } = openCache();
    const reading = read(basic);
    reader.onChanges([touching(8n, { figureViews: [BASIC, FULL] }), touching(9n, { views: [BASIC, FULL] })]);
    await answer(found(userAt(7n, 'Ada')));
    await answer(failed);
    expect(await reading).toMatchObject([{ outcome: 'failed' }]);
    expect(cache.getUser(basic, id)).toBeUndefined();
  });

  it('A4: do not let a user pass where the caller asks for a newer version', async () => {
    const { state, reader, answer } = openCache();
    const call = { deadlineAtMs: state.nowMs + 5_000 };
    const reading = reader.readMany(basic, [{ id, minVersion: 8n }], call);
    reader.onChanges([touching(8n, { figureViews: [BASIC, FULL] })]);
    await answer(found(userAt(7n, 'Ada')));
    await answer(found(userAt(8n, 'Ada')));
    expect(await reading).toMatchObject([{ user: { version: 8n } }]);
  });
});

describe('views of one user in a snapshot', () => {
  async function snapshotOf(cache: UserCache) {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-raised-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const options = {
      ...{
        path: join(folder, 'users'),
        intervalMs: 60_000,
        view: FULL,
        maxBytes: 1e6,
        maxStaleMs: 60_000,
      },
    };
    const start = (of: UserCache) =>
      startSnapshots(options, of, {
        clock: () => 1_000_000,
        feed: () => 'one',
      });
    await start(cache).close();
    const { cache: loaded } = openCache();
    const snapshots = start(loaded);
    opened.defer(() => snapshots.close());
    return loaded;
  }

  it('A4: are all read, where one is due and another was raised', async () => {
    const { cache } = openCache();
    for (const view of [FULL, REFERENCE])
      cache.putUser({ tenantId, view }, id, {
        user: userAt(7n, 'Ada'),
        readAtMs: 1_000_000,
      });
    cache.recordChange(tenantId, id, {
      ...touching(8n, { figureViews: [FULL] }),
      seenAtMs: 1_000_000,
    });
    const loaded = await snapshotOf(cache);
    expect(loaded.getUser({ tenantId, view: REFERENCE }, id)).toMatchObject({
      user: { version: 8n },
    });
    const due = loaded.getUser({ tenantId, view: FULL }, id);
    expect(due).toMatchObject({ user: { version: 7n }, dueVersion: 8n });
  });

  it('A4: are kept where one of them is read again and has not changed', async () => {
    const { cache } = openCache();
    for (const view of [FULL, REFERENCE])
      cache.putUser({ tenantId, view }, id, {
        user: userAt(7n, 'Ada'),
        readAtMs: 1_000_000,
      });
    const loaded = await snapshotOf(cache);
    const entry = (version: bigint) => ({
      user: userAt(version, 'Ada'),
      readAtMs: 1_000_000,
    });
    loaded.putUser({ tenantId, view: REFERENCE }, id, entry(7n));
    expect(loaded.getUser({ tenantId, view: FULL }, id)).toMatchObject({
      user: { version: 7n },
    });
    loaded.putUser({ tenantId, view: REFERENCE }, id, entry(8n));
    expect(loaded.getUser({ tenantId, view: FULL }, id)).toBeUndefined();
  });
});

describe('an id that leads to a survivor', () => {
  it('A4: is read again when the survivor gives up the user through which the id led to it', async () => {
    const fake = opened.use(createFakeUserService());
    const [first, second, survivor] = [randomUUID(), randomUUID(), randomUUID()];
    for (const each of [first, second, survivor])
      fake.users.put(tenantId, each, {
        firstName: 'Ada',
        email: `${each}@example.com`,
      });
    fake.users.merge(tenantId, first, second);
    const mergeId = fake.users.merge(tenantId, second, survivor);
    const users = opened.use(
      createUserClient({
        transport: fake.transport,
        tenantId,
        ttlMs: 600_000,
        liveTtlMs: 600_000,
      }),
    );
    for (const each of [first, survivor]) expect((await users.getUser(each)).id).toBe(survivor);
    await expect.poll(() => users.stats().feed.state).toBe('watching');
    const heard = users.stats().feed.changes;
    fake.users.unmerge(tenantId, mergeId);
    await expect.poll(() => users.stats().feed.changes).toBeGreaterThan(heard + 1);
    expect((await users.getUser(first)).id).toBe(second);
    expect((await users.getUser(survivor)).id).toBe(survivor);
  });
});
