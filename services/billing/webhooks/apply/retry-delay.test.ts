import { expect, it } from 'vitest';
import { isKnownVersion } from '../receive/api-versions.ts';
import { MAX_ATTEMPTS, retryDelayMs } from './retry-delay.ts';

it('waits twice as long after each attempt, up to an hour, and then not at all', () => {
  const waits = Array.from({ length: MAX_ATTEMPTS }, (_, index) => retryDelayMs(index + 1, () => 0.5));
  expect(waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
  expect(Math.max(...waits.map((each) => each ?? 0))).toBeLessThanOrEqual(3_600_000);
  expect(waits.at(-1)).toBeNull();
});

it('does not try again together what failed together', () => {
  expect(retryDelayMs(1, () => 0)).toBe(500);
  expect(retryDelayMs(1, () => 0.999)).toBeCloseTo(1499);
});

it.each([
  ['2020-08-27', true],
  ['2024-06-20', true],
  ['2025-03-31.basil', true],
  ['2026-10-28.endive', true],
  ['2020-03-02', false],
  ['2026-10-29.endive', false],
  ['endive', false],
  ['', false],
  [null, false],
])('knows the version %s: %s', (version, isKnown) => expect(isKnownVersion(version)).toBe(isKnown));
