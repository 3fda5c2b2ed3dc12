import { describe, expect, it } from 'vitest';
import { createPausedTasks, createSkippedFlags, PAUSE_MS, type PausedTasks } from './paused-tasks.ts';

function heldPauses() {
  let nowMs = 0;
  const pauses = createPausedTasks(() => nowMs);
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { pauses, pass };
}

describe('paused tasks', () => {
  it('pause one task for a while, and no other', () => {
    const { pauses, pass } = heldPauses();
    pauses.recordOutage('send');
    expect([pauses.paused(), pauses.remainingMs('other')]).toEqual([['send'], 0]);
    pass(PAUSE_MS.first);
    expect(pauses.paused()).toEqual([]);
  });

  it('double the pause with each failed try, up to the longest', () => {
    const { pauses, pass } = heldPauses();
    const lengths = Array.from({ length: 7 }, () => {
      const { delayMs } = pauses.recordOutage('send');
      pass(delayMs);
      return delayMs;
    });
    expect(lengths).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('count jobs that fail at the same time as one try', () => {
    const { pauses, pass } = heldPauses();
    expect([1, 2].map(() => pauses.recordOutage('send'))).toEqual([
      { delayMs: 500, isFirst: true },
      { delayMs: 500, isFirst: false },
    ]);
    pass(500);
    expect(pauses.recordOutage('send')).toEqual({ delayMs: 1000, isFirst: false });
  });

  it('begin with the shortest pause again once the target was reached', () => {
    const { pauses, pass } = heldPauses();
    pass(pauses.recordOutage('send').delayMs);
    pauses.recordOutage('send');
    expect([pauses.recordReached('send'), pauses.recordReached('send')]).toEqual([true, false]);
    expect(pauses.paused()).toEqual([]);
    expect(pauses.recordOutage('send')).toEqual({ delayMs: PAUSE_MS.first, isFirst: true });
  });
});

/** Pauses that never end. */
function pausesOf(...paused: string[]): PausedTasks {
  return {
    recordOutage: () => ({ delayMs: 0, isFirst: false }),
    recordReached: () => false,
    remainingMs: (task) => (paused.includes(task) ? 3_600_000 : 0),
    paused: () => paused,
  };
}

it('does not wait while no task is paused', () => {
  const stopping = new AbortController().signal;
  expect(createSkippedFlags(pausesOf(), { tasks: ['send'], stopping })()).toEqual([]);
});

it('looks for jobs of other tasks while one is paused', async () => {
  const stopping = new AbortController().signal;
  const skippedFlags = createSkippedFlags(pausesOf('send'), { tasks: ['send', 'other'], stopping });
  expect(await skippedFlags()).toEqual(['task:send']);
});

it('looks for no job while all tasks are paused, until the process ends', async () => {
  const ending = new AbortController();
  const skippedFlags = createSkippedFlags(pausesOf('send'), { tasks: ['send'], stopping: ending.signal });
  let isOver = false;
  const flags = Promise.resolve(skippedFlags()).finally(() => {
    isOver = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isOver).toBe(false);
  ending.abort();
  expect(await flags).toEqual(['task:send']);
});

it('skips every task once the process stops, so that it takes back no job that it returned', () => {
  const ending = new AbortController();
  const skippedFlags = createSkippedFlags(pausesOf(), {
    tasks: ['send', 'other'],
    stopping: ending.signal,
  });
  expect(skippedFlags()).toEqual([]);
  ending.abort();
  expect(skippedFlags()).toEqual(['task:send', 'task:other']);
});
