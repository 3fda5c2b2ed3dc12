import { create } from '@bufbuild/protobuf';
import { UserSchema, UserView } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { OPTIONS, scope } from '../cache/with-cache.test-support.ts';
import { withCache } from '../cache/with-cache.ts';
import { createCounters } from '../model/counters.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from '../model/user-reader.ts';
import { UserCache } from '../store/user-cache.ts';
import { MAX_BATCH_SIZE } from './batcher.ts';

const call: ReadCall = { deadlineAtMs: 2_000 };

function reads(...ids: string[]): UserRead[] {
  return ids.map((id) => ({ id, minVersion: 0n }));
}

/** Records its questions. Answers each id in the version of its number, and fails where an id is `bad`. */
class Recorder implements UserReader {
  readonly asked: { scope: UserScope; reads: readonly UserRead[]; call: ReadCall }[] = [];

  async readMany(scope: UserScope, reads: readonly UserRead[], call: ReadCall): Promise<UserAnswer[]> {
    this.asked.push({ scope, reads, call });
    if (reads.some(({ id }) => id === 'bad')) throw new Error('bad batch');
    return reads.map(({ id, knownVersion }): UserAnswer => {
      if (knownVersion !== undefined) return { outcome: 'unchanged', version: knownVersion, readAtMs: 0 };
      const user = create(UserSchema, { id, tenantId: scope.tenantId, version: BigInt(id) });
      return { outcome: 'found', user, readAtMs: 0, source: 'service' };
    });
  }

  get ids(): string[][] {
    return this.asked.map(({ reads }) => reads.map(({ id }) => id));
  }
}

/** Every ttl is 0, so that each read asks. */
function setUp(batchWindowMs = 0) {
  const service = new Recorder();
  const counters = createCounters();
  const cache = new UserCache({
    maxEntries: 10_000,
    maxBytes: 1e8,
    maxMissingEntries: 10,
    maxSeenVersions: 100,
  });
  const lives = { ttlMs: 0, liveTtlMs: 0, missingTtlMs: 0, liveMissingTtlMs: 0 };
  const options = { ...OPTIONS, ...lives, batchWindowMs };
  const reader = withCache(service, cache, { options, clock: () => 1_000, counters });
  return { service, counters, reader };
}

function versions(answers: readonly UserAnswer[]): bigint[] {
  return answers.map((answer) => (answer.outcome === 'found' ? answer.user.version : -1n));
}

describe('InFlightReads', () => {
  it('sends one batch for all reads of one tick, also behind awaits, with each id once', async () => {
    const { service, reader, counters } = setUp();
    const late = async () => {
      await null;
      await null;
      return reader.readMany(scope, reads('3', '1'), call);
    };
    const answers = await Promise.all([reader.readMany(scope, reads('1', '2', '1'), call), late()]);
    expect(service.ids).toEqual([['1', '2', '3']]);
    expect(answers.map(versions)).toEqual([
      [1n, 2n, 1n],
      [3n, 1n],
    ]);
    expect(counters).toMatchObject({ batches: 1, batchedIds: 3 });
  });

  it('sends one batch for reads of several callbacks in one turn of the event loop', async () => {
    const { service, reader } = setUp();
    const ask = (id: string) =>
      new Promise((done) => setImmediate(() => done(reader.readMany(scope, reads(id), call))));
    await Promise.all([ask('1'), ask('2')]);
    expect(service.ids).toEqual([['1', '2']]);
  });

  it('asks again in a later turn', async () => {
    const { service, reader } = setUp();
    await reader.readMany(scope, reads('1'), call);
    await reader.readMany(scope, reads('1'), call);
    expect(service.ids).toEqual([['1'], ['1']]);
  });

  it('waits for the window where there is one', async () => {
    const { service, reader } = setUp(20);
    const first = reader.readMany(scope, reads('1'), call);
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, reader.readMany(scope, reads('2'), call)]);
    expect(service.ids).toEqual([['1', '2']]);
  });

  it('keeps tenants and views apart', async () => {
    const { service, reader } = setUp();
    await Promise.all([
      reader.readMany(scope, reads('1'), call),
      reader.readMany({ ...scope, tenantId: 'other' }, reads('1'), call),
      reader.readMany({ ...scope, view: UserView.FULL }, reads('1'), call),
    ]);
    expect(service.asked.map((asked) => `${asked.scope.tenantId} ${asked.scope.view}`)).toEqual([
      'acme 1',
      'other 1',
      'acme 3',
    ]);
  });

  it('splits a batch at the limit of the contract, in order', async () => {
    const { service, reader } = setUp();
    const ids = Array.from({ length: 2 * MAX_BATCH_SIZE + 1 }, (_, i) => String(i));
    const answers = await reader.readMany(scope, reads(...ids), call);
    expect(service.ids.map((part) => part.length)).toEqual([334, 334, 333]);
    expect(versions(answers)).toEqual(ids.map(BigInt));
  });

  it('fails the ids of the part that failed, and no other', async () => {
    const { reader } = setUp();
    const ids = Array.from({ length: MAX_BATCH_SIZE + 1 }, (_, i) => (i === 0 ? 'bad' : String(i)));
    const [own, other] = await Promise.all([
      reader.readMany(scope, reads(...ids), call),
      reader.readMany(scope, reads('500', '3'), call),
    ]);
    expect(own[0]).toMatchObject({ outcome: 'failed', error: new Error('bad batch') });
    // Two parts of almost equal size.
    expect(own[250]).toMatchObject({ outcome: 'failed' });
    expect(own[251]).toMatchObject({ outcome: 'found', user: { version: 251n } });
    expect(other.map((answer) => answer.outcome)).toEqual(['found', 'failed']);
  });

  it('sends a read with a minimum version in a batch of its own, also from one with another, because it may fail its batch', async () => {
    const { service, reader, counters } = setUp();
    const demanding = [4n, 5n, 4n].map((minVersion) => ({ id: '5', minVersion }));
    await Promise.all([reader.readMany(scope, reads('5'), call), reader.readMany(scope, demanding, call)]);
    expect(service.asked.map((asked) => asked.reads)).toEqual([
      [{ id: '5', minVersion: 0n }],
      [{ id: '5', minVersion: 4n }],
      [{ id: '5', minVersion: 5n }],
    ]);
    expect(counters).toMatchObject({ misses: 3, coalesced: 1, batches: 3, batchedIds: 3 });
  });

  it('names the version in memory, unless a newer one is wanted', async () => {
    const { service, reader } = setUp();
    await reader.readMany(scope, reads('5'), call);
    await reader.readMany(scope, reads('5'), call);
    await reader.readMany(scope, [{ id: '5', minVersion: 4n }], call);
    await reader.readMany(scope, [{ id: '5', minVersion: 6n }], call);
    expect(service.asked.slice(0, 4).map((asked) => asked.reads[0]?.knownVersion)).toEqual([
      undefined,
      5n,
      5n,
      undefined,
    ]);
  });

  it('adds no read to a batch of which an id was invalidated', async () => {
    const { service, reader } = setUp();
    await reader.readMany(scope, reads('5'), call);
    const before = reader.readMany(scope, reads('5', '6'), call);
    reader.invalidate('acme', '5');
    const after = reader.readMany(scope, reads('5', '6'), call);
    expect((await Promise.all([before, after])).map(versions)).toEqual([
      [5n, 6n],
      [5n, 6n],
    ]);
    expect(service.asked.map((asked) => asked.reads)).toEqual([
      [{ id: '5', minVersion: 0n }],
      [
        { id: '5', minVersion: 0n, knownVersion: 5n, isUnrated: true },
        { id: '6', minVersion: 0n },
      ],
      [{ id: '5', minVersion: 0n }],
    ]);
  });

  it('adds no read to a batch after a gap in the feed', async () => {
    const { service, reader } = setUp();
    const before = reader.readMany(scope, reads('5'), call);
    reader.onGap(['acme']);
    await Promise.all([before, reader.readMany(scope, reads('5', '6'), call)]);
    expect(service.ids).toEqual([['5'], ['5', '6']]);
  });

  it('asks once more for superseded answers, in one batch, apart from reads without a minimum version', async () => {
    const { service, reader } = setUp();
    const answers = reader.readMany(scope, reads('1', '2', '3'), call);
    reader.onChanges(['1', '2'].map((id) => ({ tenantId: 'acme', id, version: BigInt(id) + 1n, kind: 0 })));
    expect((await answers).map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'found']);
    expect(service.asked[1]?.reads).toEqual([
      { id: '1', minVersion: 2n },
      { id: '2', minVersion: 3n },
    ]);
    expect(service.asked).toHaveLength(2);
  });

  it('runs to the latest deadline of its callers, and no shorter than the timeout', async () => {
    const { service, reader } = setUp();
    const ask = (id: string, deadlineAtMs: number) => reader.readMany(scope, reads(id), { deadlineAtMs });
    await Promise.all([ask('1', 2_000), ask('2', 1_100), ask('3', 3_000)]);
    await ask('4', 1_100);
    expect(service.asked.map((asked) => asked.call)).toEqual([
      { deadlineAtMs: 3_000 },
      { deadlineAtMs: 2_000 },
    ]);
  });

  it('answers no ids without asking', async () => {
    const { service, reader } = setUp();
    expect(await reader.readMany(scope, [], call)).toEqual([]);
    expect(service.asked).toEqual([]);
  });
});
