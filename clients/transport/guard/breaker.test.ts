import { AsyncLocalStorage } from 'node:async_hooks';
import { Code, ConnectError } from '@connectrpc/connect';
import { ERROR_DOMAIN, ErrorInfoSchema, RetryInfoSchema } from '@rollcall/contract';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Breaker, type BreakerAttempt, createBreaker } from './breaker.ts';
import type { BreakerListener, BreakerOptions } from './breaker-options.ts';
import { CALL_ERROR_CLASSIFIER } from './call-error-classifier.ts';
import { MAX_REQUESTED_BACKOFF_MS } from './requested-backoff.ts';

const away = () => Promise.reject(new ConnectError('away', Code.Unavailable));
const lateError = () => new ConnectError('late', Code.DeadlineExceeded);
const late = () => Promise.reject(lateError());
const refused = () => Promise.reject(new ConnectError('no', Code.PermissionDenied));
const well = () => Promise.resolve('well');

class BreakerOpenError extends Error {}
const classifier = { ...CALL_ERROR_CLASSIFIER, openError: () => new BreakerOpenError() };
const make = (options?: BreakerOptions, onChange?: BreakerListener) =>
  createBreaker({ classifier, options, onChange });

let breaker: Breaker;
beforeEach(() => {
  vi.useFakeTimers();
  breaker = create();
});
afterEach(() => {
  breaker.close();
  vi.useRealTimers();
});

function create(options: BreakerOptions = {}): Breaker {
  return make({ volumeThreshold: 4, resetTimeoutMs: 1_000, ...options });
}

async function fail(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await expect(breaker.run(away)).rejects.toThrow('away');
}

/** Fails calls until the breaker opens, and waits until it is half-open. */
async function openBreaker(times = 4): Promise<void> {
  for (let i = 0; i < times && breaker.state === 'closed'; i++) await fail(1);
  expect(breaker.state).toBe('open');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(breaker.state).toBe('half-open');
}

const slow = (ms: number) => () => new Promise<string>((resolve) => setTimeout(resolve, ms, 'well'));

/** An error with a retry delay. */
function wait(reason: string, seconds: number): () => Promise<never> {
  const error = new ConnectError(reason, Code.ResourceExhausted, undefined, [
    { desc: ErrorInfoSchema, value: { reason, domain: ERROR_DOMAIN } },
    { desc: RetryInfoSchema, value: { retryDelay: { seconds: BigInt(seconds) } } },
  ]);
  return () => Promise.reject(error);
}

describe('createBreaker', () => {
  it('opens when most of enough calls are outages, and then calls no more', async () => {
    await fail(3);
    expect(breaker.state).toBe('closed');
    await fail(1);
    expect(breaker.state).toBe('open');
    let calls = 0;
    await expect(breaker.run(async () => calls++)).rejects.toThrow(BreakerOpenError);
    expect(calls).toBe(0);
  });

  it('stays closed on any number of refusals', async () => {
    for (let i = 0; i < 50; i++) await expect(breaker.run(refused)).rejects.toThrow('no');
    expect(breaker.state).toBe('closed');
  });

  it('has no timeout of its own', async () => {
    const slow = breaker.run(() => new Promise((resolve) => setTimeout(resolve, 60_000, 'late')));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await slow).toBe('late');
  });

  it('lets as many probes pass when half-open as must succeed, and closes when all have', async () => {
    await openBreaker();
    const probes = [slow(10), slow(10), slow(10)].map((call) => breaker.run(call));
    for (let i = 0; i < 100; i++) await expect(breaker.run(well)).rejects.toThrow(BreakerOpenError);
    await vi.advanceTimersByTimeAsync(10);
    expect(await Promise.all(probes)).toEqual(['well', 'well', 'well']);
    expect(breaker.state).toBe('closed');
  });

  it('closes after the configured number of successful probes', async () => {
    for (let i = 1; i <= 3; i++) {
      if (i === 1) await openBreaker();
      expect(breaker.state).toBe('half-open');
      await breaker.run(well);
    }
    expect(breaker.state).toBe('closed');
    breaker.close();
    breaker = create({ probes: 1 });
    await openBreaker();
    await breaker.run(well);
    expect(breaker.state).toBe('closed');
  });

  it('resets the count when a probe fails after others succeeded', async () => {
    await openBreaker();
    await breaker.run(well);
    await breaker.run(well);
    await fail(1);
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(1_000);
    await breaker.run(well);
    await breaker.run(well);
    expect(breaker.state).toBe('half-open');
    await breaker.run(well);
    expect(breaker.state).toBe('closed');
  });

  it('is not closed by late successes of calls from before it opened', async () => {
    const late = Array.from({ length: 5 }, () => breaker.run(slow(1_500)));
    await openBreaker(10);
    await vi.advanceTimersByTimeAsync(500);
    expect(await Promise.all(late)).toEqual(Array(5).fill('well'));
    expect(breaker.state).toBe('half-open');
  });

  it('is not opened by late failures of probes from an earlier period', async () => {
    await openBreaker();
    const late = breaker.run(async () => {
      await slow(1_500)();
      return away();
    });
    const lateEnd = expect(late).rejects.toThrow('away');
    await fail(1);
    await vi.advanceTimersByTimeAsync(1_000);
    for (let i = 0; i < 3; i++) await breaker.run(well);
    expect(breaker.state).toBe('closed');
    await vi.advanceTimersByTimeAsync(500);
    await lateEnd;
    expect(breaker.state).toBe('closed');
  });

  it('forgets earlier failures when it closes', async () => {
    await openBreaker(100);
    for (let i = 0; i < 3; i++) await breaker.run(well);
    await fail(3);
    expect(breaker.state).toBe('closed');
    await fail(1);
    expect(breaker.state).toBe('open');
  });

  it('forgets a failure after 10 s', async () => {
    await fail(3);
    await vi.advanceTimersByTimeAsync(11_000);
    await fail(3);
    expect(breaker.state).toBe('closed');
  });

  it('opens again when the probe fails', async () => {
    await fail(4);
    await vi.advanceTimersByTimeAsync(1_000);
    await fail(1);
    expect(breaker.state).toBe('open');
  });

  it('ignores a canceled probe, and lets another one pass', async () => {
    await openBreaker();
    for (let i = 0; i < 10; i++)
      await expect(
        breaker.run(() => Promise.reject(new ConnectError('gone', Code.Canceled))),
      ).rejects.toThrow('gone');
    expect(breaker.state).toBe('half-open');
    for (let i = 0; i < 3; i++) await breaker.run(well);
    expect(breaker.state).toBe('closed');
  });

  it('counts a refusal as a response', async () => {
    await openBreaker();
    for (let i = 0; i < 3; i++) await expect(breaker.run(refused)).rejects.toThrow('no');
    expect(breaker.state).toBe('closed');
  });

  it('does not count rejected calls, which would hide the next outage', async () => {
    await fail(4);
    for (let i = 0; i < 1_000; i++) await expect(breaker.run(well)).rejects.toThrow(BreakerOpenError);
    await vi.advanceTimersByTimeAsync(1_000);
    for (let i = 0; i < 3; i++) await breaker.run(well);
    expect(breaker.state).toBe('closed');
    for (let i = 0; i < 4 && breaker.state === 'closed'; i++) await fail(1);
    expect(breaker.state).toBe('open');
  });

  it('does not depend on jumps of the machine’s clock', async () => {
    await fail(4);
    for (const jumpMs of [86_400_000, -2 * 86_400_000]) {
      vi.setSystemTime(Date.now() + jumpMs);
      await expect(breaker.run(well)).rejects.toThrow(BreakerOpenError);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(breaker.state).toBe('half-open');
  });

  it('does not change its options', () => {
    const options = Object.freeze({ volumeThreshold: 5 });
    make(options).close();
    expect(options).toEqual({ volumeThreshold: 5 });
  });

  it('rejects every call after close()', async () => {
    breaker.close();
    await expect(breaker.run(well)).rejects.toThrow(BreakerOpenError);
  });
});

describe('a service that hangs', () => {
  beforeEach(() => {
    breaker.close();
    breaker = make();
  });

  async function timeOut(attempt?: BreakerAttempt): Promise<void> {
    await expect(breaker.run(late, attempt)).rejects.toThrow('late');
  }

  it('A5: opens the breaker with two consecutive timeouts, at any volume', async () => {
    await timeOut();
    expect(breaker.state).toBe('closed');
    // The age of the first does not matter: with one call an hour the window never holds two.
    await vi.advanceTimersByTimeAsync(3_600_000);
    await timeOut();
    expect(breaker.state).toBe('open');
    await expect(breaker.run(well)).rejects.toThrow(BreakerOpenError);
  });

  it('A5: resets the count with each response, a refusal included', async () => {
    for (const answer of [well, refused]) {
      for (let i = 0; i < 3; i++) {
        await timeOut();
        await breaker.run(answer).catch(() => {});
      }
      expect(breaker.state).toBe('closed');
      // The failure rate must not open the breaker here.
      await vi.advanceTimersByTimeAsync(11_000);
    }
    await timeOut();
    await timeOut();
    expect(breaker.state).toBe('open');
  });

  it('A5: does not count another failure, or a call that says nothing, as a response', async () => {
    const gone = () => Promise.reject(new ConnectError('gone', Code.Canceled));
    for (const between of [away, gone]) {
      breaker.close();
      breaker = make();
      await timeOut();
      await expect(breaker.run(between)).rejects.toThrow();
      expect(breaker.state).toBe('closed');
      await timeOut();
      expect(breaker.state).toBe('open');
    }
  });

  it('A5: requires as many successful probes as after any opening', async () => {
    for (let i = 0; i < 2; i++) await timeOut();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(breaker.state).toBe('half-open');
    await timeOut();
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(1_000);
    for (let i = 0; i < 3; i++) await breaker.run(well);
    expect(breaker.state).toBe('closed');
    // The count from before the opening is gone.
    await timeOut();
    expect(breaker.state).toBe('closed');
  });

  it('A5: counts the parts of one read as one, and does not count a call that was cut short', async () => {
    const read = {};
    await Promise.all([timeOut({ read }), timeOut({ read }), timeOut({ read })]);
    expect(breaker.state).toBe('closed');
    await timeOut({ isCutShort: true });
    expect(breaker.state).toBe('closed');
    await timeOut({ read: {} });
    expect(breaker.state).toBe('open');
  });

  it('outgoing-breakers: does not open on any number of calls that were cut short', async () => {
    for (let i = 0; i < 50; i++) await timeOut({ isCutShort: true });
    expect(breaker.state).toBe('closed');
  });

  it('A5: ignores a probe that was cut short', async () => {
    await openBreaker(10);
    await timeOut({ isCutShort: true });
    expect(breaker.state).toBe('half-open');
  });

  it('A5: opens the breaker in the turn of the second deadline, and counts that call once', async () => {
    let pass = () => {};
    const onDeadline = (passed: () => void) => {
      pass = passed;
      return () => {};
    };
    for (const state of ['closed', 'open']) {
      let end = () => {};
      const call = () => new Promise<never>((_, reject) => (end = () => reject(lateError())));
      const run = breaker.run(call, { onDeadline });
      pass();
      expect(breaker.state).toBe(state);
      end();
      await expect(run).rejects.toThrow('late');
      expect(breaker.state).toBe(state);
    }
  });

  it('A5: has a configurable threshold of timeouts', async () => {
    breaker.close();
    breaker = make({ timeoutThreshold: 3 });
    for (const state of ['closed', 'closed', 'open']) {
      await timeOut();
      expect(breaker.state).toBe(state);
    }
  });
});

describe('its own probes', () => {
  /** A service that callers and the breaker call. */
  let service: () => Promise<unknown>;
  let asked: { callers: number; breaker: number };
  const run = (attempt: Partial<BreakerAttempt> = {}) => {
    const call = () => {
      asked.callers += 1;
      return service();
    };
    return breaker.run(call, { probe, ...attempt });
  };
  const probe = () => {
    asked.breaker += 1;
    return service();
  };
  /** Longer than from the opening to three consecutive probes, with their jitter. */
  const TO_PROBE_MS = 1_110;

  beforeEach(() => {
    asked = { callers: 0, breaker: 0 };
    service = away;
  });

  async function tripWith(fault: () => Promise<unknown>): Promise<void> {
    service = fault;
    for (let i = 0; i < 4 && breaker.state === 'closed'; i++) await expect(run()).rejects.toThrow();
    expect(breaker.state).toBe('open');
    asked = { callers: 0, breaker: 0 };
  }

  it.each([
    ['away', away],
    ['slow', late],
  ])('A5: detect that a service is still %s, in place of callers, at any traffic', async (_, fault) => {
    await tripWith(fault);
    for (let page = 0; page < 20; page++) {
      await vi.advanceTimersByTimeAsync(5 * TO_PROBE_MS);
      await expect(run()).rejects.toThrow(BreakerOpenError);
    }
    expect(asked.callers).toBe(0);
    // One per reset time, and no more.
    expect(asked.breaker).toBeGreaterThanOrEqual(95);
    expect(asked.breaker).toBeLessThanOrEqual(110);
  });

  it('A5: run one at a time, and callers are rejected while they hang', async () => {
    await tripWith(late);
    service = slow(60_000);
    await vi.advanceTimersByTimeAsync(50 * TO_PROBE_MS);
    expect(breaker.state).toBe('half-open');
    for (let i = 0; i < 5; i++) await expect(run()).rejects.toThrow(BreakerOpenError);
    expect(asked).toEqual({ callers: 0, breaker: 1 });
  });

  it('A5: close the breaker in direct succession once the service answers, without callers', async () => {
    await tripWith(late);
    service = well;
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    expect(asked).toEqual({ callers: 0, breaker: 3 });
    expect(breaker.state).toBe('closed');
    expect(await run()).toBe('well');
    // A closed breaker does not probe.
    await vi.advanceTimersByTimeAsync(100 * TO_PROBE_MS);
    expect(asked).toEqual({ callers: 1, breaker: 3 });
  });

  it('A5: open the breaker again when one fails after others succeeded', async () => {
    await tripWith(late);
    service = () => (asked.breaker < 3 ? well() : away());
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    expect(breaker.state).toBe('open');
    expect(asked.breaker).toBe(3);
  });

  it('A5: run again after one that says nothing, not before the reset time', async () => {
    await tripWith(late);
    service = () => Promise.reject(new ConnectError('gone', Code.Canceled));
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    expect(asked.breaker).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(breaker.state).toBe('half-open');
    expect(asked.breaker).toBeLessThanOrEqual(11);
    service = well;
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    expect(breaker.state).toBe('closed');
  });

  it('A5: follow the requested back-off of the service', async () => {
    await tripWith(late);
    service = wait('OVERLOADED', 5);
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    expect(asked.breaker).toBe(1);
    service = well;
    await vi.advanceTimersByTimeAsync(4_800);
    expect(asked.breaker).toBe(1);
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    expect(breaker.state).toBe('closed');
  });

  it('A5: end on close(), also those in flight', async () => {
    const signals: AbortSignal[] = [];
    const hang = (signal: AbortSignal) => new Promise<never>(() => signals.push(signal));
    await tripWith(late);
    breaker.close();
    await vi.advanceTimersByTimeAsync(10 * TO_PROBE_MS);
    expect(asked.breaker).toBe(0);
    breaker = create({ timeoutThreshold: 1 });
    await expect(run({ probe: hang })).rejects.toThrow('late');
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    breaker.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('A5: run outside of the async context of the caller that opened the breaker', async () => {
    const caller = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const recordContext = async () => void seen.push(caller.getStore());
    breaker.close();
    breaker = create({ timeoutThreshold: 1 });
    service = late;
    await caller.run('a page', () => expect(run({ probe: recordContext })).rejects.toThrow('late'));
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it('A5: report changes of state in the turn in which they end', async () => {
    const changes: string[] = [];
    breaker.close();
    breaker = make({ volumeThreshold: 4 }, ({ from, to }) => changes.push(`${from} → ${to}`));
    await tripWith(away);
    expect(changes).toEqual(['closed → open']);
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    service = well;
    await vi.advanceTimersByTimeAsync(TO_PROBE_MS);
    const [again, closed] = ['open → half-open', 'half-open → closed'];
    expect(changes.slice(1)).toEqual([again, 'half-open → open', again, closed]);
  });
});

describe('a service that requests a back-off', () => {
  it.each(['RATE_LIMITED', 'OVERLOADED'])('is not called before its end, after %s', async (reason) => {
    await expect(breaker.run(wait(reason, 3))).rejects.toThrow(reason);
    let calls = 0;
    const count = async () => ++calls;
    await vi.advanceTimersByTimeAsync(2_990);
    await expect(breaker.run(count)).rejects.toThrow(reason);
    expect(calls).toBe(0);
    expect(breaker.state).toBe('closed');
    await vi.advanceTimersByTimeAsync(20);
    expect(await breaker.run(count)).toBe(1);
  });

  it('is not probed earlier either', async () => {
    await openBreaker();
    await expect(breaker.run(wait('OVERLOADED', 5))).rejects.toThrow('OVERLOADED');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(breaker.state).toBe('half-open');
    await expect(breaker.run(well)).rejects.toThrow('OVERLOADED');
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await breaker.run(well)).toBe('well');
  });

  it('is called when the back-off was for one call, and when it exceeds the maximum', async () => {
    await expect(breaker.run(wait('VERSION_NOT_REACHED', 60))).rejects.toThrow();
    expect(await breaker.run(well)).toBe('well');
    await expect(breaker.run(wait('RATE_LIMITED', 1e9))).rejects.toThrow();
    await vi.advanceTimersByTimeAsync(MAX_REQUESTED_BACKOFF_MS);
    expect(await breaker.run(well)).toBe('well');
  });
});
