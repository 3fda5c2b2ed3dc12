import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { UserSchema, UserService } from '@rollcall/contract/user';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserClient, type UserClient, type UserClientOptions } from '../index.ts';
import { createCounters } from '../model/counters.ts';
import type { UserAnswer, UserReader } from '../model/user-reader.ts';
import { recordSeenVersion, seenHeader, withSeenVersions } from '../seen-versions/version-context.ts';
import { UserCache } from '../store/user-cache.ts';
import { createFakeUserService, type FakeUserService } from '../testing/index.ts';
import { OPTIONS, outage, scope } from './with-cache.test-support.ts';
import { withCache } from './with-cache.ts';

const tenantId = 'acme';
let opened: AsyncDisposableStack;
let fake: FakeUserService;
let id: string;

beforeEach(() => {
  opened = new AsyncDisposableStack();
  fake = opened.use(createFakeUserService());
  id = randomUUID();
});
afterEach(() => opened.disposeAsync());

function open(options: Partial<UserClientOptions> = {}): UserClient {
  return opened.use(createUserClient({ transport: fake.transport, tenantId, ...options }));
}

/** Writes to a user that this client has read and watches, and loses these versions. */
async function loseWrites(users: UserClient, update = 4): Promise<void> {
  fake.users.put(tenantId, id, { firstName: 'Kept' });
  const backup = fake.backUp();
  for (let i = 0; i < update; i++) fake.users.update(tenantId, id, { firstName: `Lost${i}` });
  await users.getUser(id);
  await expect.poll(() => users.describe(id).feedLiveForMs, { timeout: 5_000 }).toBeGreaterThan(0);
  expect(await users.getUser(id)).toMatchObject({ version: BigInt(update + 1) });
  fake.restore(backup);
}

const nameOf = (users: UserClient) => users.getUser(id).then(({ firstName }) => firstName, String);

describe('a database that went back', () => {
  it('A2: is served as it is now, for users that were read, evicted or created by lost writes', async () => {
    const users = open({ maxEntries: 1 });
    const [evicted, created] = [randomUUID(), randomUUID()];
    fake.users.put(tenantId, evicted, { firstName: 'Kept' });
    fake.users.put(tenantId, id, { firstName: 'Kept' });
    const backup = fake.backUp();
    fake.users.put(tenantId, created);
    for (const each of [evicted, id]) fake.users.update(tenantId, each, { firstName: 'Lost' });
    for (const each of [created, evicted, id]) await users.getUser(each);
    await expect.poll(() => users.stats().feed.state).toBe('watching');
    fake.restore(backup);
    await expect.poll(() => nameOf(users)).toBe('Kept');
    expect((await users.getUser(evicted)).firstName).toBe('Kept');
    expect(await users.lookup(created)).toMatchObject({ outcome: 'missing' });
    expect(users.stats().feed).toMatchObject({ gaps: 1 });
  });

  it('A2: gives no `unchanged` where a version exists a second time with other content', async () => {
    const users = open();
    await loseWrites(users, 1);
    fake.users.update(tenantId, id, { firstName: 'Other' });
    await expect.poll(() => nameOf(users)).toBe('Other');
    await sleep(600);
    expect(await nameOf(users)).toBe('Other');
    fake.users.update(tenantId, id, { firstName: 'Newer' });
    await expect.poll(() => nameOf(users)).toBe('Newer');
  });

  it('A2: frees every context of its versions, however long it lives, and every header that leaves it', async () => {
    const users = open();
    await withSeenVersions([], async () => {
      recordSeenVersion({ tenantId, id, version: 5n });
      await loseWrites(users);
      await expect.poll(() => nameOf(users)).toBe('Kept');
      expect(seenHeader()).toBeUndefined();
      recordSeenVersion({ tenantId, id, version: 1n });
      expect(seenHeader()).toBe(`${tenantId}/${id}/1`);
    });
  });

  it('A2: leaves earlier users to serve while the service is down', async () => {
    const users = open({ timeoutMs: 200 });
    await loseWrites(users);
    await expect.poll(() => users.stats().feed.gaps).toBe(1);
    fake.down();
    expect(await users.lookup(id)).toMatchObject({ outcome: 'found', source: 'stale' });
    await fake.up();
    await expect.poll(() => nameOf(users)).toBe('Kept');
  });

  it('A1: is served as it is now by a process that starts with the snapshot of an earlier one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-replaced-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const snapshotPath = join(folder, 'users');
    const before = open({ snapshotPath });
    await loseWrites(before);
    await before.close();
    const users = open({ snapshotPath });
    expect(users.describe(id).entries).toMatchObject([{ version: '5', source: 'snapshot' }]);
    expect(await nameOf(users)).toBe('Kept');
    await users.close();
    fake.down();
    expect(await open({ snapshotPath }).lookup(id)).toMatchObject({ source: 'snapshot', version: 1n });
  });

  it('A1: gives no `unchanged` to a process whose snapshot belongs to the earlier feed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-replaced-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const snapshotPath = join(folder, 'users');
    const before = open({ snapshotPath });
    await loseWrites(before, 1);
    await before.close();
    fake.users.update(tenantId, id, { firstName: 'Other' });
    const users = open({ snapshotPath });
    await nameOf(users);
    await expect.poll(() => nameOf(users)).toBe('Other');
    await expect.poll(() => nameOf(users).then(() => users.peek(id)?.firstName)).toBe('Other');
    await users.close();
    // The snapshot is of this feed, so its copy need not be sent again.
    const after = open({ snapshotPath });
    expect(await nameOf(after)).toBe('Other');
    expect(fake.requests(UserService.method.batchGetUsers).at(-1)?.knownUnratedVersions).toEqual({
      [id]: 2n,
    });
    await expect.poll(() => after.stats().feed.state).toBe('watching');
    expect(after.stats().feed.gaps).toBe(0);
  });

  it('A2: is noticed without a feed, once the service has long denied a known version', async () => {
    let nowMs = 1_000_000;
    const users = open({ watch: false, clock: () => nowMs, ttlMs: 100 });
    fake.users.put(tenantId, id, { firstName: 'Kept' });
    const backup = fake.backUp();
    fake.users.update(tenantId, id, { firstName: 'Lost' });
    await users.getUser(id);
    fake.restore(backup);
    nowMs += 1_000;
    // For a moment, it may be a server that is behind.
    expect(await nameOf(users)).toMatch(/version_not_reached/);
    nowMs += 10_000;
    expect(await nameOf(users)).toMatch(/version_not_reached/);
    expect(await nameOf(users)).toBe('Kept');
  });
});

describe('the cache after a database went back', () => {
  let nowMs = 1_000_000;
  const cache = new UserCache({ maxEntries: 9, maxBytes: 1e6, maxMissingEntries: 9, maxSeenVersions: 9 });
  const answers: ((make: (readAtMs: number) => UserAnswer) => void)[] = [];
  const service: UserReader = {
    async readMany(_, reads) {
      const readAtMs = nowMs;
      const { promise, resolve } = Promise.withResolvers<UserAnswer>();
      answers.push((make) => resolve(make(readAtMs)));
      return reads.map(() => undefined).length === 1 ? [await promise] : [];
    },
  };
  const reader = withCache(service, cache, {
    options: OPTIONS,
    clock: () => nowMs,
    counters: createCounters(),
  });
  const read = (user: string) =>
    reader.readMany(scope, [{ id: user, minVersion: 0n }], { deadlineAtMs: nowMs + 5_000 });
  const found = (user: string, version: bigint) => (readAtMs: number) =>
    ({
      outcome: 'found',
      user: create(UserSchema, { id: user, tenantId, version }),
      readAtMs,
      source: 'service',
    }) as const;

  it('A2: keeps no answer in flight, and none of a process that still answers from the earlier database', async () => {
    const early = read('a');
    reader.onReplaced();
    answers.shift()?.(found('a', 9n));
    expect(await early).toMatchObject([{ user: { version: 9n } }]);
    const soon = read('a');
    answers.shift()?.(found('a', 9n));
    expect(await soon).toMatchObject([{ user: { version: 9n } }]);
    expect(cache.getKnownVersion(tenantId, 'a')).toBeUndefined();
    nowMs += 500;
    const late = read('a');
    answers.shift()?.(found('a', 1n));
    expect(await late).toMatchObject([{ user: { version: 1n }, source: 'service' }]);
    expect(await read('a')).toMatchObject([{ user: { version: 1n }, source: 'cache' }]);
  });

  it('A2: asks again for a user that is said to be unchanged since before', async () => {
    nowMs += 10_000;
    const early = read('a');
    reader.onReplaced();
    answers.shift()?.((readAtMs) => ({ outcome: 'unchanged', version: 1n, readAtMs }));
    await expect.poll(() => answers.length).toBe(1);
    answers.shift()?.(found('a', 1n));
    expect(await early).toMatchObject([{ outcome: 'found', source: 'service' }]);
  });

  it('A1: lets a version bind at once that is announced afterwards', async () => {
    nowMs += 10_000;
    reader.onChanges([{ tenantId, id: 'b', version: 9n }]);
    reader.onReplaced();
    reader.onChanges([{ tenantId, id: 'b', version: 2n }]);
    expect(cache.getKnownVersion(tenantId, 'b')?.version).toBe(2n);
    const old = read('b');
    answers.shift()?.(found('b', 1n));
    await expect.poll(() => answers.length).toBe(1);
    answers.shift()?.(() => ({ outcome: 'failed', error: outage }));
    expect(await old).toMatchObject([{ outcome: 'failed' }]);
  });
});
