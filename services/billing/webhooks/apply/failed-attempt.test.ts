import { expect, it } from 'vitest';
import { MAX_ATTEMPTS, retryDelayMs } from './failed-attempt.ts';

it('waits twice as long after each attempt, up to an hour, and then not at all', () => {
  const waits = Array.from({ length: MAX_ATTEMPTS }, (_, index) => retryDelayMs(index + 1, () => 0.5));
  expect(waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
  expect(Math.max(...waits.map((each) => each ?? 0))).toBeLessThanOrEqual(3_600_000);
  expect(waits.at(-1)).toBeNull();
});

it('spreads the retries of events that failed together', () => {
  expect(retryDelayMs(1, () => 0)).toBe(500);
  expect(retryDelayMs(1, () => 0.999)).toBeCloseTo(1499);
});
