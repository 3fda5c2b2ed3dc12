import { describe, expect, it } from 'vitest';
import { quantile, toSpread } from './stats.ts';

describe('the spread of rounds', () => {
  it('has the middle one of an odd number as its median, whatever their order', () => {
    expect(toSpread([9, 1, 100])).toEqual({ median: 9, min: 1, max: 100, rounds: 3 });
  });

  it('has the mean of the two middle ones of an even number', () => {
    expect(toSpread([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4, rounds: 4 });
  });

  it('compares as numbers and leaves the samples as they were', () => {
    const samples = [10, 9, 2];
    expect(toSpread(samples).median).toBe(9);
    expect(samples).toEqual([10, 9, 2]);
  });

  it('is refused when nothing was measured', () => {
    expect(() => toSpread([])).toThrow('nothing was measured');
  });
});

describe('a quantile', () => {
  it('is a sample that was measured', () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(samples, 0.5)).toBe(50);
    expect(quantile(samples, 0.99)).toBe(99);
    expect(quantile(samples, 1)).toBe(100);
    expect(quantile([7], 0.01)).toBe(7);
  });
});
