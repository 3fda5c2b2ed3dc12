import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCoarseClock } from './coarse-clock.ts';

describe('a coarse clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('reads the real clock once for many calls, and again after a millisecond', () => {
    let looks = 0;
    const clock = createCoarseClock(() => ++looks);
    for (let i = 0; i < 100; i++) expect(clock()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(clock()).toBe(2);
    vi.advanceTimersByTime(1);
    expect(clock()).toBe(3);
  });

  it('reads the real clock again after many calls where no timer runs', () => {
    let looks = 0;
    const clock = createCoarseClock(() => ++looks);
    for (let i = 0; i < 1_000; i++) clock();
    expect(looks).toBe(4);
    expect(vi.getTimerCount()).toBe(1);
  });
});
