import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { UserSchema } from '@rollcall/contract/user';
import { beforeEach, describe, expect, it } from 'vitest';
import { VersionNotReachedError } from '../model/classify-error.ts';
import { type ClientCounters, createCounters } from '../model/counters.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import { withSeenVersions } from '../seen-versions/version-context.ts';
import { UserCache, type UserCacheOptions } from '../store/user-cache.ts';
import { basic, OPTIONS, outage, scope } from './with-cache.test-support.ts';
import { type CachedUserReader, type CachingOptions, withCache } from './with-cache.ts';

const other: UserScope = { ...scope, tenantId: 'other' };

let nowMs: number;
let liveSinceMs: number | undefined;
let isAway: boolean;
let counters: ClientCounters;
let cache: UserCache;
let reader: CachedUserReader;
/** The users of the service, by id. `Error`: the service fails with it. Undefined: there is no such user. */
let users: Map<string, bigint>;
let fault: unknown;
let asked: UserRead[];
/** The time between a question's arrival, when the answer is made, and its departure. */
let pause: Promise<unknown>;

const service: UserReader = {
  async readMany({ tenantId }, reads) {
    asked.push(...reads);
    const readAtMs = nowMs;
    const answers = reads.map(({ id, knownVersion }): UserAnswer => {
      const version = users.get(id);
      if (version === undefined) return { outcome: 'missing', readAtMs, source: 'service' };
      if (version === knownVersion) return { outcome: 'unchanged', version, readAtMs };
      const user = create(UserSchema, { id, version, tenantId });
      return { outcome: 'found', user, readAtMs, source: 'service' };
    });
    const failure = fault;
    await pause;
    if (failure !== undefined) throw failure;
    return answers;
  },
};

beforeEach(() => setUp());

function setUp(options: Partial<CachingOptions> = {}, size: Partial<UserCacheOptions> = {}): void {
  nowMs = 1_000_000;
  liveSinceMs = undefined;
  isAway = false;
  fault = undefined;
  asked = [];
  pause = Promise.resolve();
  users = new Map([['a', 1n]]);
  counters = createCounters();
  cache = new UserCache({
    maxEntries: 100,
    maxBytes: 1e6,
    maxMissingEntries: 10,
    maxSeenVersions: 100,
    ...size,
  });
  reader = withCache(service, cache, {
    options: { ...OPTIONS, ...options },
    clock: () => nowMs,
    counters,
    feed: { liveSinceMs: (tenantId) => (tenantId === 'acme' ? liveSinceMs : undefined) },
    isServiceDown: () => isAway,
  });
}

async function read(id: string, call: Partial<ReadCall> & { minVersion?: bigint; scope?: UserScope } = {}) {
  const { minVersion = 0n, scope: where = scope, ...limits } = call;
  const [answer] = await reader.readMany(where, [{ id, minVersion }], {
    deadlineAtMs: nowMs + 1_000,
    ...limits,
  });
  return answer as UserAnswer;
}

/** Holds back all answers until the returned function is called. */
function hold(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  pause = promise;
  return () => {
    pause = Promise.resolve();
    resolve();
  };
}

const announce = (id: string, version: bigint, tenantId = 'acme') =>
  reader.onChanges([{ tenantId, id, version }]);
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a new version', () => {
  it('makes the cache read older entries again, in every view, and leaves other tenants alone', async () => {
    for (const where of [scope, basic, other]) await read('a', { scope: where });
    users.set('a', 2n);
    announce('a', 2n);
    expect(reader.peek(scope, 'a')).toBeUndefined();
    expect(reader.peek(basic, 'a')).toBeUndefined();
    expect(reader.peek(other, 'a')?.user.version).toBe(1n);
    expect(await read('a')).toMatchObject({ source: 'service', user: { version: 2n } });
  });

  it('changes nothing when it is known already', async () => {
    users.set('a', 5n);
    await read('a');
    announce('a', 5n);
    announce('a', 4n);
    expect(await read('a')).toMatchObject({ source: 'cache', user: { version: 5n } });
  });

  it('keeps outdated entries from being served even while the service is down', async () => {
    await read('a');
    announce('a', 2n);
    fault = outage;
    expect(await read('a')).toEqual({ outcome: 'failed', error: outage });
  });

  it('during a read makes it ask again, once, for that version', async () => {
    const letGo = hold();
    const filling = read('a');
    announce('a', 2n);
    users.set('a', 2n);
    letGo();
    expect(await filling).toMatchObject({ outcome: 'found', user: { version: 2n } });
    expect(asked).toEqual([
      { id: 'a', minVersion: 0n },
      { id: 'a', minVersion: 2n },
    ]);
    expect(counters.discarded).toBe(1);
  });

  it('during a read is not forgotten where the service does not have it yet', async () => {
    announce('a', 2n);
    expect(await read('a')).toMatchObject({ outcome: 'failed', error: expect.any(VersionNotReachedError) });
    users.set('a', 2n);
    expect(await read('a')).toMatchObject({ outcome: 'found', user: { version: 2n } });
  });

  it('ends that an id is missing, and an earlier answer cannot bring that back', async () => {
    await read('b');
    nowMs += 1;
    announce('b', 1n);
    users.set('b', 1n);
    expect(await read('b')).toMatchObject({ outcome: 'found' });
    users.delete('c');
    const letGo = hold();
    const filling = read('c');
    nowMs += 1;
    announce('c', 1n);
    users.set('c', 1n);
    letGo();
    expect(await filling).toMatchObject({ outcome: 'found', user: { version: 1n } });
  });

  it('stays known after the user is evicted', async () => {
    setUp({}, { maxEntries: 1 });
    users.set('a', 7n);
    await read('a');
    users.set('b', 1n);
    await read('b');
    expect(reader.peek(scope, 'a')).toBeUndefined();
    users.set('a', 6n);
    expect(await read('a')).toMatchObject({ error: expect.any(VersionNotReachedError) });
    expect(cache.size).toMatchObject({ entries: 1, seenVersions: 1 });
  });

  it('is remembered for as many ids as allowed, and no more', async () => {
    setUp({}, { maxSeenVersions: 2 });
    for (const id of ['a', 'b', 'c']) announce(id, 9n);
    expect(cache.size.seenVersions).toBe(2);
    expect(await read('a')).toMatchObject({ outcome: 'found', user: { version: 1n } });
  });

  it('that only a caller claims binds its own read, and no other, until the service answers it', async () => {
    await read('a');
    expect(await read('a', { minVersion: 2n })).toMatchObject({
      outcome: 'failed',
      error: expect.any(VersionNotReachedError),
    });
    expect(await read('a')).toMatchObject({ source: 'cache', user: { version: 1n } });
    fault = outage;
    nowMs += 200;
    expect(await read('a', { minVersion: 2n })).toEqual({ outcome: 'failed', error: outage });
    expect(await read('a')).toMatchObject({ source: 'stale', user: { version: 1n } });
    expect(reader.describe('acme', 'a').minVersion).toBe('1');

    fault = undefined;
    users.set('a', 2n);
    expect(await read('a', { minVersion: 2n })).toMatchObject({ user: { version: 2n } });
    expect(await read('a')).toMatchObject({ source: 'cache', user: { version: 2n } });
    users.set('a', 1n);
    expect(await read('a', { scope: basic })).toMatchObject({ error: expect.any(VersionNotReachedError) });
  });

  it('of a survivor outdates the entry of the id that was merged away', async () => {
    const survivor = (version: bigint) => create(UserSchema, { id: 'a', version, tenantId: 'acme' });
    cache.putUser(scope, 'gone', { user: survivor(3n), readAtMs: nowMs });
    expect(reader.peek(scope, 'gone')?.user.version).toBe(3n);
    users.set('a', 4n);
    await read('a');
    expect(reader.peek(scope, 'gone')).toBeUndefined();
    reader.accept(basic, survivor(5n), nowMs);
    expect(reader.peek(scope, 'a')).toBeUndefined();
  });
});

describe('while the feed covers a tenant', () => {
  it('users and missing ids stay fresh for longer', async () => {
    liveSinceMs = nowMs;
    await read('a');
    await read('b');
    nowMs += 199;
    expect(await read('b')).toMatchObject({ outcome: 'missing', source: 'cache' });
    nowMs += 800;
    expect(await read('a')).toMatchObject({ source: 'cache' });
    expect(await read('b')).toMatchObject({ source: 'service' });
    nowMs += 1;
    expect(await read('a')).toMatchObject({ source: 'service' });
  });

  it('users that were read before it began have the ordinary ttl', async () => {
    await read('a');
    liveSinceMs = nowMs + 1;
    nowMs += 99;
    expect(reader.peek(scope, 'a')).toBeDefined();
    nowMs += 1;
    expect(reader.peek(scope, 'a')).toBeUndefined();
  });

  it('the longer ttl ends with the coverage', async () => {
    liveSinceMs = nowMs;
    await read('a');
    nowMs += 500;
    expect(reader.peek(scope, 'a')).toBeDefined();
    liveSinceMs = undefined;
    expect(reader.peek(scope, 'a')).toBeUndefined();
  });

  it('the survivor of a merge has the ordinary ttl: its changes come under its own id', async () => {
    liveSinceMs = nowMs;
    const user = create(UserSchema, { id: 'a', version: 3n, tenantId: 'acme' });
    cache.putUser(scope, 'gone', { user, readAtMs: nowMs });
    nowMs += 100;
    expect(reader.peek(scope, 'gone')).toBeUndefined();
  });
});

describe('a gap in the feed', () => {
  it('makes the cache read all users of the tenant again, and leaves them to serve in an outage', async () => {
    liveSinceMs = nowMs;
    for (const where of [scope, other]) await read('a', { scope: where });
    await read('b');
    reader.onGap(['acme']);
    expect(reader.peek(scope, 'a')).toBeUndefined();
    expect(reader.peek(other, 'a')).toBeDefined();
    fault = outage;
    expect(await read('a')).toMatchObject({ source: 'stale', user: { version: 1n } });
    expect(await read('b')).toMatchObject({ outcome: 'failed' });
    fault = undefined;
    nowMs += 1;
    expect(await read('a')).toMatchObject({ source: 'service' });
    expect(asked.at(-1)).toMatchObject({ knownVersion: 1n });
    expect(reader.peek(scope, 'a')).toBeDefined();
  });

  it('lets no caller join a read that was sent before', async () => {
    const letGo = hold();
    const before = read('a');
    reader.onGap(['acme']);
    users.set('a', 2n);
    const after = read('a');
    letGo();
    expect(await after).toMatchObject({ user: { version: 2n } });
    await before;
    expect(asked).toHaveLength(2);
  });
});

describe('refreshing ahead', () => {
  beforeEach(() => setUp({ refreshAheadRatio: 0.5 }));

  it('serves a user that is in use at once, and reads it once in the background', async () => {
    await read('a');
    nowMs += 49;
    await read('a');
    expect(asked).toHaveLength(1);
    nowMs += 1;
    users.set('a', 2n);
    const letGo = hold();
    expect(reader.getNow(scope, 'a')?.version).toBe(1n);
    expect(await read('a')).toMatchObject({ source: 'cache', user: { version: 1n } });
    expect(reader.getNow(scope, 'a')?.version).toBe(1n);
    letGo();
    await settle();
    expect(reader.getNow(scope, 'a')?.version).toBe(2n);
    expect(asked).toHaveLength(2);
    expect(counters).toMatchObject({ refreshes: 1, misses: 1, hits: 5 });
  });

  it('does not happen for `peek`', async () => {
    await read('a');
    nowMs += 60;
    expect(reader.peek(scope, 'a')).toBeDefined();
    expect(asked).toHaveLength(1);
  });

  it('pauses while the service is down, and for a second after a failure', async () => {
    await read('a');
    nowMs += 60;
    isAway = true;
    reader.getNow(scope, 'a');
    expect(asked).toHaveLength(1);
    isAway = false;
    fault = outage;
    reader.getNow(scope, 'a');
    await settle();
    expect(asked).toHaveLength(2);
    reader.getNow(scope, 'a');
    await settle();
    expect(asked).toHaveLength(2);
  });

  it('has at most 500 reads in flight', async () => {
    setUp({ refreshAheadRatio: 0.5 }, { maxEntries: 1_000 });
    const ids = Array.from({ length: 600 }, (_, i) => `id-${i}`);
    for (const id of ids) users.set(id, 1n);
    for (const id of ids) await read(id);
    nowMs += 60;
    const letGo = hold();
    for (const id of ids) reader.getNow(scope, id);
    letGo();
    await settle();
    expect(counters.refreshes).toBe(500);
  });
});

describe('while the breaker is open', () => {
  it('known users are served at once, and no call is sent', async () => {
    await read('a');
    nowMs += 100;
    isAway = true;
    expect(reader.getNow(scope, 'a')?.version).toBe(1n);
    expect(reader.answerNow(scope, 'a')).toMatchObject({
      source: 'stale',
      degraded: { reason: 'breaker_open' },
    });
    expect(await read('a')).toMatchObject({ source: 'stale', degraded: { reason: 'breaker_open' } });
    expect(await read('b')).toMatchObject({ outcome: 'failed' });
    expect(reader.getNow(scope, 'b')).toBeUndefined();
    nowMs += 10_000;
    expect(reader.getNow(scope, 'a')).toBeUndefined();
    expect(asked).toHaveLength(1);
    expect(counters).toMatchObject({ stale: 3, unavailable: 1 });
  });

  it('no user is served where the call or the client does not allow it', async () => {
    await read('a');
    nowMs += 100;
    isAway = true;
    expect(await read('a', { degrade: 'none' })).toMatchObject({ outcome: 'failed' });
    setUp({ degrade: 'none' });
    await read('a');
    nowMs += 100;
    isAway = true;
    expect(reader.getNow(scope, 'a')).toBeUndefined();
    expect(await read('a')).toMatchObject({ outcome: 'failed' });
    expect(await read('a', { degrade: 'stale' })).toMatchObject({ source: 'stale' });
  });

  it('users of an earlier process are marked as such, and never fresh', async () => {
    setUp();
    const user = create(UserSchema, { id: 'old', version: 3n, tenantId: 'acme' });
    cache.putUser(scope, 'old', { user, readAtMs: nowMs - 1 });
    expect(reader.peek(scope, 'old')).toBeUndefined();
    fault = outage;
    expect(await read('old')).toMatchObject({
      source: 'snapshot',
      degraded: { reason: 'service_unavailable' },
    });
    expect(await read('old', { degrade: 'stale' })).toMatchObject({ outcome: 'failed' });
    announce('old', 4n);
    expect(await read('old')).toMatchObject({ outcome: 'failed' });
  });
});

describe('memory', () => {
  it('is limited in bytes too', async () => {
    setUp({}, { maxBytes: 5_000 });
    for (let i = 0; i < 20; i++) {
      users.set(`id-${i}`, 1n);
      await read(`id-${i}`);
    }
    expect(cache.size.entries).toBeGreaterThan(1);
    expect(cache.size.entries).toBeLessThan(20);
    expect(cache.size.bytes).toBeLessThanOrEqual(5_000);
    expect(reader.peek(scope, 'id-19')).toBeDefined();
  });

  it('of an id covers every view and tenant', async () => {
    for (const where of [scope, basic, other]) await read('a', { scope: where });
    expect(cache.size.entries).toBe(1);
    expect([...cache.all()]).toHaveLength(3);
    reader.invalidate('acme', 'a');
    expect([...cache.all()].map(([id, held]) => [id, held.scope])).toMatchObject([['a', other]]);
  });
});

describe('describe', () => {
  it('explains why an id is answered as it is, and changes nothing', async () => {
    await read('a');
    await read('b');
    nowMs += 40;
    const letGo = hold();
    const basicRead = read('a', { scope: basic });
    expect(reader.describe('acme', 'a')).toEqual({
      entries: [
        {
          view: 'REFERENCE',
          userId: 'a',
          version: '1',
          ageMs: 40,
          ttlMs: 100,
          isFresh: true,
          because: 'Its age of 40 ms is within its ttl of 100 ms: the change feed does not cover it.',
          source: 'service',
        },
      ],
      missing: [],
      minVersion: '1',
      inFlight: [{ view: 'BASIC', minVersion: '0' }],
      feedLiveForMs: undefined,
    });
    letGo();
    await basicRead;
    expect(reader.describe('acme', 'b')).toMatchObject({
      entries: [],
      missing: [{ view: 'REFERENCE', ageMs: 40, isFresh: false }],
    });
    liveSinceMs = nowMs;
    expect(reader.describe('acme', 'a').feedLiveForMs).toBe(0);
    // A feed that has just started.
    liveSinceMs = nowMs + 500;
    expect(reader.describe('acme', 'a').feedLiveForMs).toBeUndefined();
    reader.onGap(['acme']);
    expect(reader.describe('acme', 'a').entries[0]).toMatchObject({
      isFresh: false,
      ttlMs: 0,
      because: 'The change feed may have missed changes since it was read.',
    });
    expect(reader.describe('other', 'a').entries).toEqual([]);
    expect(JSON.parse(JSON.stringify(reader.describe('acme', 'a')))).toMatchObject({ minVersion: '1' });
  });

  it('says what a read in the same context would find', async () => {
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    users = new Map([
      [a, 2n],
      [c, 1n],
    ]);
    for (const id of [a, b, c]) await read(id);
    const seen = [a, b].map((id) => ({ tenantId: 'acme', id, version: 9n }));
    withSeenVersions(seen, () => {
      expect(reader.describe('acme', a)).toMatchObject({
        entries: [
          { version: '2', isFresh: false, ttlMs: 0, because: 'Version 9 of it was seen in this context.' },
        ],
        minVersion: '9',
      });
      expect(reader.describe('acme', b)).toMatchObject({ missing: [{ isFresh: false }], minVersion: '9' });
      expect(reader.describe('acme', c)).toMatchObject({ entries: [{ isFresh: true }], minVersion: '1' });
    });
    withSeenVersions([{ tenantId: 'acme', id: a, version: 1n }], () =>
      expect(reader.describe('acme', a)).toMatchObject({ entries: [{ isFresh: true }], minVersion: '2' }),
    );
    expect(reader.describe('acme', a)).toMatchObject({ entries: [{ isFresh: true }], minVersion: '2' });
    expect(reader.describe('acme', b)).toMatchObject({ missing: [{ isFresh: true }] });
  });
});
