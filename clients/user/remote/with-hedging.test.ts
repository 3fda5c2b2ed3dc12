import { Code, ConnectError } from '@connectrpc/connect';
import { UserView } from '@rollcall/contract/user';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReadCall, UserAnswer, UserReader } from '../model/user-reader.ts';
import { HEDGING_RATIO, MAX_SAVED_HEDGES, withHedging } from './with-hedging.ts';

const away = new ConnectError('away', Code.Unavailable);
const refused = new ConnectError('no', Code.PermissionDenied);
const SCOPE = { tenantId: 'acme', view: UserView.REFERENCE };
const CALL = { deadlineAtMs: 1_000 };

/** How the nth call ends: after so many ms, with its number or with an error. */
type Plan = { ms: number; error?: Error };

let calls: ReadCall[];
beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
});
afterEach(() => vi.useRealTimers());

function readerOf(plan: (n: number) => Plan): UserReader {
  return {
    readMany: (_scope, _reads, call) => {
      const n = calls.push(call);
      const { ms, error } = plan(n);
      return new Promise((resolve, reject) => {
        setTimeout(
          () => (error ? reject(error) : resolve([{ outcome: 'missing', readAtMs: n, source: 'service' }])),
          ms,
        );
        call.signal?.addEventListener('abort', () => reject(call.signal?.reason));
      });
    },
  };
}

/** The number of the call that answered, or the error, after `ms`. */
async function readWithin(reader: UserReader, ms: number): Promise<unknown> {
  const read = reader.readMany(SCOPE, [{ id: 'u', minVersion: 0n }], CALL).then(
    ([answer]) => (answer as UserAnswer & { readAtMs: number }).readAtMs,
    (error) => error,
  );
  await vi.advanceTimersByTimeAsync(ms);
  return Promise.race([read, 'still waiting']);
}

describe('withHedging', () => {
  it('adds no layer where it is off', () => {
    const reader = readerOf(() => ({ ms: 0 }));
    expect(withHedging(reader, { hedgeAfterMs: 0 })).toBe(reader);
  });

  it('asks once where the answer, or the failure, comes in time', async () => {
    expect(
      await readWithin(
        withHedging(
          readerOf(() => ({ ms: 9 })),
          { hedgeAfterMs: 10 },
        ),
        9,
      ),
    ).toBe(1);
    expect(calls).toHaveLength(1);
    const failing = withHedging(
      readerOf(() => ({ ms: 9, error: away })),
      { hedgeAfterMs: 10 },
    );
    expect(await readWithin(failing, 9)).toBe(away);
    expect(calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(calls).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('asks again where none came, takes the first answer and cancels the other call', async () => {
    const reader = withHedging(
      readerOf((n) => ({ ms: n === 1 ? 60_000 : 5 })),
      { hedgeAfterMs: 10 },
    );
    expect(await readWithin(reader, 15)).toBe(2);
    expect(calls.map(({ deadlineAtMs }) => deadlineAtMs)).toEqual([1_000, 1_000]);
    expect(calls[0]?.signal?.aborted).toBe(true);
  });

  it('takes the late answer of the first call where that is the earlier one', async () => {
    const reader = withHedging(
      readerOf((n) => ({ ms: n === 1 ? 20 : 60_000 })),
      { hedgeAfterMs: 10 },
    );
    expect(await readWithin(reader, 20)).toBe(1);
    expect(calls[1]?.signal?.aborted).toBe(true);
  });

  it.each([
    ['first', 1],
    ['second', 2],
  ])('waits for the other answer where the %s call fails', async (_which, failing) => {
    const reader = withHedging(
      readerOf((n) => (n === failing ? { ms: 15, error: away } : { ms: 100 })),
      { hedgeAfterMs: 10 },
    );
    expect(await readWithin(reader, 110)).toBe(3 - failing);
  });

  it('fails as the first call did where both fail, and takes a refusal for an answer', async () => {
    const other = new ConnectError('also away', Code.Unavailable);
    const failing = withHedging(
      readerOf((n) => ({ ms: 20, error: n === 1 ? away : other })),
      { hedgeAfterMs: 10 },
    );
    expect(await readWithin(failing, 30)).toBe(away);
    calls = [];
    const refusing = withHedging(
      readerOf((n) => (n === 1 ? { ms: 60_000 } : { ms: 5, error: refused })),
      {
        hedgeAfterMs: 10,
      },
    );
    expect(await readWithin(refusing, 15)).toBe(refused);
  });

  it('adds a tenth of the calls and no more while every answer is late, and a limited burst after fast reads', async () => {
    let ms = 50;
    const reader = withHedging(
      readerOf(() => ({ ms })),
      { hedgeAfterMs: 10 },
    );
    for (let i = 0; i < 100; i++) await readWithin(reader, 100);
    expect(calls.length - 100).toBeLessThanOrEqual(1 + 100 * HEDGING_RATIO);
    expect(calls.length - 100).toBeGreaterThanOrEqual(100 * HEDGING_RATIO - 1);
    ms = 1;
    for (let i = 0; i < 1_000; i++) await readWithin(reader, 1);
    ms = 50;
    calls = [];
    await Promise.all(Array.from({ length: 50 }, () => readWithin(reader, 200)));
    expect(calls).toHaveLength(50 + MAX_SAVED_HEDGES);
  });
});
