import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { UserSchema } from '@rollcall/contract/user';
import { beforeEach, describe, expect, it } from 'vitest';
import { AnswerMalformedError, VersionNotReachedError } from '../model/classify-error.ts';
import { type ClientCounters, createCounters } from '../model/counters.ts';
import { UserReadCanceledError } from '../model/errors.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import { UserCache } from '../store/user-cache.ts';
import { basic, OPTIONS, outage, scope } from './with-cache.test-support.ts';
import { type CachedUserReader, type CachingOptions, withCache } from './with-cache.ts';

let nowMs: number;
let counters: ClientCounters;
let service: HeldService;
let reader: CachedUserReader;

/** A service that answers when the test says so. */
class HeldService implements UserReader {
  readonly asked: {
    scope: UserScope;
    reads: readonly UserRead[];
    answer: (...answers: UserAnswer[]) => void;
    fail: (error: unknown) => void;
  }[] = [];

  readMany(scope: UserScope, reads: readonly UserRead[]): Promise<readonly UserAnswer[]> {
    return new Promise((resolve, fail) => {
      this.asked.push({ scope, reads, answer: (...answers) => resolve(answers), fail });
    });
  }

  /** The nth question, from 0. */
  at(n: number) {
    const asked = this.asked[n];
    if (asked === undefined) throw new Error(`only ${this.asked.length} reads came`);
    return asked;
  }
}

beforeEach(() => setUp());

function setUp(options: Partial<CachingOptions> = {}, maxEntries = 1_000): void {
  nowMs = 1_000_000;
  counters = createCounters();
  service = new HeldService();
  const cache = new UserCache({ maxEntries, maxBytes: 1e6, maxMissingEntries: 10, maxSeenVersions: 100 });
  reader = withCache(service, cache, { options: { ...OPTIONS, ...options }, clock: () => nowMs, counters });
}

function found(id: string, version: bigint, readAtMs = nowMs): UserAnswer {
  return {
    outcome: 'found',
    user: create(UserSchema, { id, version, tenantId: 'acme' }),
    readAtMs,
    source: 'service',
  };
}

function gone(readAtMs = nowMs): UserAnswer {
  return { outcome: 'missing', readAtMs, source: 'service' };
}

interface Ask extends Partial<ReadCall> {
  scope?: UserScope;
  minVersion?: bigint;
}

async function read(
  id: string,
  { scope: asked = scope, minVersion = 0n, ...call }: Ask = {},
): Promise<UserAnswer> {
  const [answer] = await reader.readMany(asked, [{ id, minVersion }], {
    deadlineAtMs: nowMs + 1_000,
    ...call,
  });
  return answer as UserAnswer;
}

/** Waits until all promises that can settle have settled. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function fill(id: string, version: bigint, asked = scope): Promise<void> {
  const answer = read(id, { scope: asked });
  service.at(service.asked.length - 1).answer(found(id, version));
  await answer;
}

describe('freshness', () => {
  it('serves from memory up to the ttl, then asks, naming the version in memory', async () => {
    await fill('a', 3n);
    nowMs += 99;
    expect(await read('a')).toMatchObject({ outcome: 'found', source: 'cache', readAtMs: nowMs - 99 });
    nowMs += 1;
    const answer = read('a');
    expect(service.at(1).reads).toEqual([{ id: 'a', minVersion: 0n, knownVersion: 3n, isUnrated: true }]);
    service.at(1).answer({ outcome: 'unchanged', version: 3n, readAtMs: nowMs });
    expect(await answer).toMatchObject({ outcome: 'found', source: 'service', user: { version: 3n } });
    expect(await read('a')).toMatchObject({ source: 'cache', readAtMs: nowMs });
    expect(counters).toMatchObject({ hits: 2, misses: 2 });
  });

  it('refuses `unchanged` about a version that is not in memory', async () => {
    await fill('a', 3n);
    nowMs += 100;
    const answer = read('a');
    service.at(1).answer({ outcome: 'unchanged', version: 4n, readAtMs: nowMs });
    expect(await answer).toMatchObject({ outcome: 'found', source: 'stale', user: { version: 3n } });
  });

  it('counts an age from the time of the question, not of the answer', async () => {
    const answer = read('a');
    const askedAtMs = nowMs;
    nowMs += 60;
    service.at(0).answer(found('a', 1n, askedAtMs));
    await answer;
    nowMs += 40;
    read('a');
    expect(service.asked).toHaveLength(2);
  });

  it('keeps a missing id for a shorter ttl of its own', async () => {
    const answer = read('a');
    service.at(0).answer(gone());
    expect(await answer).toEqual(gone());
    nowMs += 19;
    expect(await read('a')).toMatchObject({ outcome: 'missing', source: 'cache' });
    nowMs += 1;
    const again = read('a');
    service.at(1).answer(found('a', 1n));
    expect(await again).toMatchObject({ outcome: 'found', source: 'service' });
    expect(await read('a')).toMatchObject({ outcome: 'found', source: 'cache' });
  });

  it('always asks where the ttl is 0', async () => {
    setUp({ ttlMs: 0 });
    await fill('a', 1n);
    read('a');
    expect(service.asked).toHaveLength(2);
  });

  it('keeps tenants and views apart', async () => {
    await fill('a', 1n);
    for (const other of [basic, { ...scope, tenantId: 'other' }]) read('a', { scope: other });
    expect(service.asked.map((asked) => `${asked.scope.tenantId} ${asked.scope.view}`)).toEqual([
      'acme 1',
      'acme 2',
      'other 1',
    ]);
  });

  it('keeps no more entries than allowed', async () => {
    setUp({}, 2);
    for (const id of ['a', 'b', 'c']) await fill(id, 1n);
    expect(await read('c')).toMatchObject({ source: 'cache' });
    read('a');
    expect(service.asked).toHaveLength(4);
  });
});

describe('reads in flight', () => {
  it('are shared by single and batched reads', async () => {
    const single = read('a');
    const many = reader.readMany(
      scope,
      [
        { id: 'b', minVersion: 0n },
        { id: 'a', minVersion: 0n },
        { id: 'b', minVersion: 0n },
      ],
      {
        deadlineAtMs: nowMs + 1_000,
      },
    );
    expect(service.asked.map(({ reads }) => reads.map(({ id }) => id))).toEqual([['a'], ['b']]);
    service.at(0).answer(found('a', 1n));
    service.at(1).answer(gone());
    expect(await single).toMatchObject({ outcome: 'found' });
    expect((await many).map(({ outcome }) => outcome)).toEqual(['missing', 'found', 'missing']);
    expect(counters).toMatchObject({ misses: 2, coalesced: 2 });
  });

  it('go on when one of their callers gives up', async () => {
    const controller = new AbortController();
    const one = read('a', { signal: controller.signal });
    const other = read('a');
    controller.abort('enough');
    await expect(one).rejects.toThrow(UserReadCanceledError);
    await expect(one).rejects.toMatchObject({ cause: 'enough' });
    service.at(0).answer(found('a', 1n));
    expect(await other).toMatchObject({ outcome: 'found' });
  });

  it('go on when the deadline of one caller passes', async () => {
    const hurried = read('a', { deadlineAtMs: nowMs + 5 });
    const patient = read('a');
    expect(await hurried).toMatchObject({ outcome: 'failed', error: { code: Code.DeadlineExceeded } });
    service.at(0).answer(found('a', 1n));
    expect(await patient).toMatchObject({ outcome: 'found' });
  });

  it('are not started for a caller without time, which is served from memory', async () => {
    await fill('a', 1n);
    nowMs += 100;
    const deadlineAtMs = nowMs;
    expect(await read('a', { deadlineAtMs })).toMatchObject({
      source: 'stale',
      degraded: { reason: 'deadline_exceeded' },
    });
    expect(await read('b', { deadlineAtMs })).toMatchObject({
      outcome: 'failed',
      error: { code: Code.DeadlineExceeded },
    });
    expect(service.asked).toHaveLength(1);
  });

  it('end at their deadline, also where the layer below never answers', async () => {
    setUp({ timeoutMs: 5 });
    const first = read('a', { deadlineAtMs: nowMs + 1 });
    expect(reader.describe('acme', 'a').inFlight).toHaveLength(1);
    await Promise.all([first, sleep(10)]);
    expect(reader.describe('acme', 'a').inFlight).toEqual([]);
    const second = read('a');
    service.at(0).answer(found('a', 1n));
    service.at(1).answer(found('a', 2n));
    expect(await second).toMatchObject({ user: { version: 2n } });
  });

  it('are not joined once they are older than the timeout, which only a longer deadline allows', async () => {
    const patient = read('a', { deadlineAtMs: nowMs + 60_000 });
    nowMs += 1_000;
    const joined = read('a');
    nowMs += 1;
    const later = [read('a'), read('a')];
    expect(service.asked).toHaveLength(2);
    service.at(1).answer(found('a', 1n));
    for (const answer of later) expect(await answer).toMatchObject({ outcome: 'found' });
    service.at(0).answer(found('a', 1n));
    for (const answer of [patient, joined]) expect(await answer).toMatchObject({ outcome: 'found' });
  });

  it('are started again after a failure', async () => {
    const first = read('a');
    service.at(0).fail(outage);
    expect(await first).toEqual({ outcome: 'failed', error: outage });
    const second = read('a');
    service.at(1).answer(found('a', 1n));
    expect(await second).toMatchObject({ outcome: 'found' });
  });

  it('answer that an id has no answer, rather than wait for ever', async () => {
    const answer = read('a');
    service.at(0).answer();
    expect(await answer).toMatchObject({ outcome: 'failed' });
  });
});

describe('an outage', () => {
  it('is bridged by known users, up to the limit', async () => {
    await fill('a', 1n);
    const filledAtMs = nowMs;
    nowMs = filledAtMs + 10_000;
    const answer = read('a');
    service.at(1).fail(outage);
    expect(await answer).toMatchObject({
      outcome: 'found',
      source: 'stale',
      readAtMs: filledAtMs,
      degraded: { reason: 'service_unavailable', cause: outage },
    });
    nowMs = filledAtMs + 10_001;
    const tooOld = read('a');
    service.at(2).fail(outage);
    expect(await tooOld).toEqual({ outcome: 'failed', error: outage });
    expect(counters).toMatchObject({ stale: 1, unavailable: 1 });
  });

  it('is bridged no further than the call or the client allows', async () => {
    await fill('a', 1n);
    nowMs += 5_000;
    const strict = read('a', { maxStaleMs: 4_999 });
    service.at(1).fail(outage);
    expect(await strict).toMatchObject({ outcome: 'failed' });
    nowMs += 5_001;
    const lax = read('a', { maxStaleMs: 1_000_000 });
    service.at(2).fail(outage);
    expect(await lax).toMatchObject({ outcome: 'failed' });
  });

  it('never makes an id missing, neither an unknown one nor one that was missing before', async () => {
    const first = read('a');
    service.at(0).answer(gone());
    await first;
    nowMs += 20;
    for (const [n, id] of [
      [1, 'a'],
      [2, 'b'],
    ] as const) {
      const answer = read(id);
      service.at(n).fail(outage);
      expect(await answer).toEqual({ outcome: 'failed', error: outage });
    }
  });

  it('differs from a refusal, after which known users are no longer served', async () => {
    await fill('a', 1n);
    nowMs += 100;
    const refusal = new ConnectError('not granted', Code.PermissionDenied);
    const answer = read('a');
    service.at(1).fail(refusal);
    expect(await answer).toEqual({ outcome: 'failed', error: refusal });
    expect(counters.unavailable).toBe(0);
  });

  it('is not bridged by a version below the minimum', async () => {
    await fill('a', 1n);
    const answer = read('a', { minVersion: 2n });
    service.at(1).fail(outage);
    expect(await answer).toEqual({ outcome: 'failed', error: outage });
  });
});

describe('versions', () => {
  it('never go back: an answer older than a change is dropped, and the newer version asked for', async () => {
    const slow = read('a');
    await fill('a', 2n, basic);
    service.at(0).answer(found('a', 1n));
    await settle();
    expect(service.at(2).reads).toEqual([{ id: 'a', minVersion: 2n }]);
    service.at(2).answer(found('a', 2n));
    expect(await slow).toMatchObject({ user: { version: 2n } });
    expect(await read('a')).toMatchObject({ source: 'cache', user: { version: 2n } });
    expect(counters.discarded).toBe(1);
  });

  it('announced while a read is in flight bind it, also where there are more than are remembered', async () => {
    const slow = read('a');
    const announced = Array.from({ length: 101 }, (_, i) => ({ tenantId: 'acme', id: `${i}`, version: 9n }));
    reader.onChanges([{ tenantId: 'acme', id: 'a', version: 2n }, ...announced]);
    expect(reader.describe('acme', 'a').minVersion).toBeUndefined();
    service.at(0).answer(found('a', 1n));
    await settle();
    expect(service.at(1).reads).toEqual([{ id: 'a', minVersion: 2n }]);
    service.at(1).answer(found('a', 2n));
    expect(await slow).toMatchObject({ user: { version: 2n } });
  });

  it('end in version_not_reached where the service insists on the older one', async () => {
    const slow = read('a');
    await fill('a', 2n, basic);
    service.at(0).answer(found('a', 1n));
    await settle();
    service.at(2).answer(found('a', 1n));
    expect(await slow).toMatchObject({ outcome: 'failed', error: expect.any(VersionNotReachedError) });
  });

  it('in one view outdate every other view', async () => {
    await fill('a', 1n);
    await fill('a', 2n, basic);
    const answer = read('a');
    service.at(2).fail(outage);
    expect(await answer).toMatchObject({ outcome: 'failed' });
  });

  it('that a call asks for are read past memory, and never by a read that did not ask for them', async () => {
    await fill('a', 1n);
    expect(await read('a', { minVersion: 1n })).toMatchObject({ source: 'cache' });
    nowMs += 100;
    const plain = read('a');
    const demanding = read('a', { minVersion: 2n });
    expect(service.asked.slice(1).map(({ reads }) => reads[0])).toEqual([
      { id: 'a', minVersion: 0n, knownVersion: 1n, isUnrated: true },
      { id: 'a', minVersion: 2n },
    ]);
    service.at(2).answer(found('a', 2n));
    expect(await demanding).toMatchObject({ user: { version: 2n } });
    service.at(1).answer({ outcome: 'unchanged', version: 1n, readAtMs: nowMs });
    await settle();
    service.at(3).answer(found('a', 2n));
    expect(await plain).toMatchObject({ user: { version: 2n } });
  });

  it('that do not exist fail no call that did not ask for them, whichever came first', async () => {
    for (const order of [
      [9n, 0n, 1n],
      [0n, 1n, 9n],
      [1n, 9n, 0n],
    ]) {
      setUp();
      const answers = order.map((minVersion) => read('a', { minVersion }));
      expect(service.asked.map(({ reads }) => reads[0]?.minVersion)).toEqual(order);
      for (const [n, minVersion] of order.entries())
        if (minVersion === 9n) service.at(n).fail(outage);
        else service.at(n).answer(found('a', 1n));
      expect((await Promise.all(answers)).map(({ outcome }) => outcome)).toEqual(
        order.map((minVersion) => (minVersion === 9n ? 'failed' : 'found')),
      );
    }
  });

  it('that the service answers too low are asked for once more, then given up', async () => {
    const answer = read('a', { minVersion: 5n });
    service.at(0).answer(found('a', 4n));
    await settle();
    service.at(1).answer(gone());
    expect(await answer).toMatchObject({ outcome: 'failed', error: expect.any(VersionNotReachedError) });
  });

  it('of a survivor are not compared with those of the user that was merged away', async () => {
    await fill('a', 9n);
    nowMs += 100;
    const answer = read('a');
    service.at(1).answer(found('survivor', 2n));
    expect(await answer).toMatchObject({ user: { id: 'survivor', version: 2n } });
    expect(await read('a')).toMatchObject({ source: 'cache', user: { id: 'survivor' } });
    nowMs += 100;
    read('a');
    expect(service.at(2).reads).toEqual([{ id: 'a', minVersion: 0n }]);
  });

  it('of a survivor that is known to be newer are asked for by its own id', async () => {
    reader.onChanges([{ tenantId: 'acme', id: 'survivor', version: 5n }]);
    const ids = ['a', 'b', 'survivor'];
    const deadlineAtMs = nowMs + 1_000;
    const answers = reader.readMany(
      scope,
      ids.map((id) => ({ id, minVersion: 0n })),
      { deadlineAtMs },
    );
    const readAtMs = nowMs;
    nowMs += 1;
    service.at(0).answer(...ids.map(() => found('survivor', 4n, readAtMs)));
    await settle();
    const newer = [{ id: 'survivor', minVersion: 5n }];
    expect(service.asked.slice(1).map(({ reads }) => reads)).toEqual([newer, newer]);
    for (const n of [1, 2]) service.at(n).answer(found('survivor', 5n));
    for (const answer of await answers) expect(answer).toMatchObject({ user: { version: 5n } });
    // The first answer says that the survivor stands for the id.
    expect(reader.peek(scope, 'a')).toMatchObject({ user: { id: 'survivor', version: 5n }, readAtMs });
    expect(reader.peek(scope, 'survivor')).toMatchObject({ user: { version: 5n }, readAtMs: nowMs });
  });

  it('cannot be unchanged in answer to a read that names none', async () => {
    const slow = read('a');
    await fill('a', 2n, basic);
    service.at(0).answer(found('a', 1n));
    await settle();
    service.at(2).answer({ outcome: 'unchanged', version: 2n, readAtMs: nowMs });
    expect(await slow).toMatchObject({ outcome: 'failed', error: expect.any(AnswerMalformedError) });
  });

  it('are not undone by a `missing` from before the user was created', async () => {
    const before = read('a');
    nowMs += 1;
    await fill('a', 1n, basic);
    service.at(0).answer(gone(nowMs - 1));
    await settle();
    service.at(2).answer(found('a', 1n));
    expect(await before).toMatchObject({ outcome: 'found' });
  });

  it('that were read another way are kept, and do not replace newer ones', async () => {
    await fill('a', 5n);
    const older = create(UserSchema, { id: 'a', version: 4n, tenantId: 'acme' });
    expect(reader.accept(scope, older, nowMs)).toMatchObject({ outcome: 'found', user: { version: 5n } });
    expect(reader.accept(basic, older, nowMs)).toMatchObject({ outcome: 'failed' });
    const newer = create(UserSchema, { id: 'a', version: 6n, tenantId: 'acme' });
    expect(reader.accept(scope, newer, nowMs)).toMatchObject({ user: { version: 6n } });
    expect(await read('a')).toMatchObject({ source: 'cache', user: { version: 6n } });
  });
});

describe('invalidate', () => {
  it('forgets the id in every view, and no other', async () => {
    for (const asked of [scope, basic]) await fill('a', 1n, asked);
    await fill('b', 1n);
    reader.invalidate('acme', 'a');
    expect(reader.peek(scope, 'b')).toBeDefined();
    for (const asked of [scope, basic]) expect(reader.peek(asked, 'a')).toBeUndefined();
  });

  it('during a read answers its callers, keeps nothing, and lets no other caller join', async () => {
    const before = read('a');
    reader.invalidate('acme', 'a');
    const after = read('a');
    expect(service.asked).toHaveLength(2);
    service.at(0).answer(found('a', 1n));
    expect(await before).toMatchObject({ user: { version: 1n } });
    expect(reader.peek(scope, 'a')).toBeUndefined();
    service.at(1).answer(found('a', 2n));
    expect(await after).toMatchObject({ user: { version: 2n } });
    expect(reader.peek(scope, 'a')?.user.version).toBe(2n);
    expect(counters.discarded).toBe(1);
  });

  it('keeps out of the cache users that are being read another way', () => {
    const readAtMs = nowMs;
    nowMs += 1;
    reader.invalidate('acme', 'a');
    const user = create(UserSchema, { id: 'a', version: 4n, tenantId: 'acme' });
    expect(reader.accept(scope, user, readAtMs)).toMatchObject({ outcome: 'found', user: { version: 4n } });
    expect(reader.peek(scope, 'a')).toBeUndefined();
    nowMs += 1;
    expect(reader.accept(scope, user, nowMs)).toMatchObject({ outcome: 'found', user: { version: 4n } });
    expect(reader.peek(scope, 'a')).toBeDefined();
  });

  it('reaches a read that another one has replaced, or that a gap of the feed has sealed', async () => {
    const displaced = read('a');
    const demanding = read('a', { minVersion: 1n });
    reader.onGap(['acme']);
    reader.invalidate('acme', 'a');
    nowMs += 1;
    for (const n of [0, 1]) service.at(n).answer(found('a', 1n));
    for (const answer of [displaced, demanding]) expect(await answer).toMatchObject({ outcome: 'found' });
    expect(reader.describe('acme', 'a')).toMatchObject({ entries: [], minVersion: '1', inFlight: [] });
    expect(counters.discarded).toBe(2);
  });
});
