import { UserView } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { createCounters } from './counters.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from './user-reader.ts';
import { MAX_BATCH_SIZE, withBatching } from './with-batching.ts';

const scope: UserScope = { tenantId: 'acme', view: UserView.REFERENCE };
const call: ReadCall = { deadlineAtMs: 1_000 };

function reads(...ids: string[]): UserRead[] {
  return ids.map((id) => ({ id, minVersion: 0n }));
}

/** Keeps what it is asked; answers each id by the version of its number, and fails where an id is `bad`. */
class Recorder implements UserReader {
  readonly asked: { scope: UserScope; reads: readonly UserRead[]; call: ReadCall }[] = [];

  async readMany(scope: UserScope, reads: readonly UserRead[], call: ReadCall): Promise<UserAnswer[]> {
    this.asked.push({ scope, reads, call });
    if (reads.some(({ id }) => id === 'bad')) throw new Error('bad batch');
    return reads.map(({ id }) => ({ outcome: 'unchanged', version: BigInt(id), readAtMs: 0 }));
  }

  get ids(): string[][] {
    return this.asked.map(({ reads }) => reads.map(({ id }) => id));
  }
}

function setUp(batchWindowMs = 0) {
  const service = new Recorder();
  const counters = createCounters();
  return { service, counters, reader: withBatching(service, { batchWindowMs }, counters) };
}

function versions(answers: readonly UserAnswer[]): bigint[] {
  return answers.map((answer) => (answer.outcome === 'unchanged' ? answer.version : -1n));
}

describe('withBatching', () => {
  it('makes one read of what is asked in one tick, also behind awaits, each id once', async () => {
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

  it('makes one read of what several callbacks of one turn of the event loop ask for', async () => {
    const { service, reader } = setUp();
    const ask = (id: string) =>
      new Promise((done) => setTimeout(() => done(reader.readMany(scope, reads(id), call)), 1));
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

  it('splits at the limit of the contract, in order', async () => {
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
    // Two parts of one size, as near as may be.
    expect(own[250]).toMatchObject({ outcome: 'failed' });
    expect(own[251]).toMatchObject({ outcome: 'unchanged', version: 251n });
    expect(other.map((answer) => answer.outcome)).toEqual(['unchanged', 'failed']);
  });

  it('lets a read with a minimum version travel apart, because it may fail its whole batch', async () => {
    const { service, reader } = setUp();
    await Promise.all([
      reader.readMany(scope, reads('1'), call),
      reader.readMany(
        scope,
        [
          { id: '1', minVersion: 4n },
          { id: '1', minVersion: 5n },
        ],
        call,
      ),
    ]);
    expect(service.asked.map((asked) => asked.reads)).toEqual([
      [{ id: '1', minVersion: 0n }],
      [{ id: '1', minVersion: 5n }],
    ]);
  });

  it('says which version is held only where all who ask hold it', async () => {
    const { service, reader } = setUp();
    const held = (knownVersion: bigint): UserRead => ({ id: '1', minVersion: 0n, knownVersion });
    await Promise.all([reader.readMany(scope, [held(2n)], call), reader.readMany(scope, [held(2n)], call)]);
    await Promise.all([reader.readMany(scope, [held(2n)], call), reader.readMany(scope, reads('1'), call)]);
    await Promise.all([reader.readMany(scope, reads('1'), call), reader.readMany(scope, [held(2n)], call)]);
    expect(service.asked.map((asked) => asked.reads[0]?.knownVersion)).toEqual([2n, undefined, undefined]);
  });

  it('runs to the latest deadline of those who ask', async () => {
    const { service, reader } = setUp();
    await Promise.all(
      [1_000, 10, 3_000].map((deadlineAtMs) => reader.readMany(scope, reads('1'), { deadlineAtMs })),
    );
    expect(service.asked.map((asked) => asked.call)).toEqual([{ deadlineAtMs: 3_000 }]);
  });

  it('answers nothing to nothing, without asking', async () => {
    const { service, reader } = setUp();
    expect(await reader.readMany(scope, [], call)).toEqual([]);
    expect(service.asked).toEqual([]);
  });
});
