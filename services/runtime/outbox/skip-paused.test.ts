import { expect, it } from 'vitest';
import type { Pauses } from './paused-tasks.ts';
import { createPassOver } from './skip-paused.ts';

/** Pauses of these tasks, which never end. */
function pausesOf(...paused: string[]): Pauses {
  return {
    noteAway: () => ({ delayMs: 0, isFirst: false }),
    noteReached: () => false,
    remainingMs: (task) => (paused.includes(task) ? 3_600_000 : 0),
    paused: () => paused,
  };
}

it('holds nobody up while nobody is away', () => {
  const stopping = new AbortController().signal;
  expect(createPassOver(pausesOf(), { tasks: ['tell'], stopping })()).toEqual([]);
});

it('looks on for the others where one task is left alone', async () => {
  const stopping = new AbortController().signal;
  const passOver = createPassOver(pausesOf('tell'), { tasks: ['tell', 'other'], stopping });
  expect(await passOver()).toEqual(['task:tell']);
});

it('looks for nothing where all are left alone, until the process ends', async () => {
  const ending = new AbortController();
  const passOver = createPassOver(pausesOf('tell'), { tasks: ['tell'], stopping: ending.signal });
  let isOver = false;
  const flags = Promise.resolve(passOver()).finally(() => {
    isOver = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isOver).toBe(false);
  ending.abort();
  expect(await flags).toEqual(['task:tell']);
});
