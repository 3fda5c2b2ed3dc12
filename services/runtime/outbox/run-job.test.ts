import { expect, it } from 'vitest';
import { retryDelayMs } from './run-job.ts';

it('waits longer after each failure, five minutes at most, with jitter', () => {
  const middle = [1, 2, 3, 9, 10, 30].map((attempt) => retryDelayMs(attempt, () => 0.5));
  expect(middle).toEqual([1000, 2000, 4000, 256_000, 300_000, 300_000]);
  expect([retryDelayMs(1, () => 0), retryDelayMs(1, () => 1)]).toEqual([750, 1250]);
});
