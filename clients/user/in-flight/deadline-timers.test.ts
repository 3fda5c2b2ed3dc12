import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DeadlineTimers } from './deadline-timers.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp() {
  const deadlines = new DeadlineTimers(() => 1_000);
  const over: string[] = [];
  const join = (name: string, atMs: number) => deadlines.join({ onDeadline: () => over.push(name) }, atMs);
  return { deadlines, over, join };
}

it('have one timer for all deadlines within a millisecond, and call each listener, not before', () => {
  const { over, join } = setUp();
  join('a', 1_009.2);
  join('b', 1_010);
  join('c', 1_010.5);
  expect(vi.getTimerCount()).toBe(2);
  vi.advanceTimersByTime(9);
  expect(over).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(over).toEqual(['a', 'b']);
  vi.advanceTimersByTime(1);
  expect(over).toEqual(['a', 'b', 'c']);
});

it('leave no timer behind when no listener waits, and start again after that', () => {
  const { deadlines, over, join } = setUp();
  const group = join('a', 1_010);
  expect(join('b', 1_010)).toBe(group);
  deadlines.leave(group);
  expect(vi.getTimerCount()).toBe(1);
  deadlines.leave(group);
  expect(vi.getTimerCount()).toBe(0);
  join('c', 1_010);
  vi.advanceTimersByTime(10);
  expect(over).toEqual(['c']);
});

it('call at once a listener whose deadline has passed, and wait for the longest time of timers', () => {
  const { over, join } = setUp();
  join('past', 900);
  join('never', 2 ** 40);
  vi.advanceTimersByTime(1);
  expect(over).toEqual(['past']);
});

it('call all listeners when they are closed, and leave no timer', () => {
  const { deadlines, over, join } = setUp();
  join('a', 1_010);
  join('b', 1_010);
  join('c', 2_000);
  deadlines.close();
  expect(over).toEqual(['a', 'b', 'c']);
  expect(vi.getTimerCount()).toBe(0);
});
