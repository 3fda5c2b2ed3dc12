import { setTimeout as sleep } from 'node:timers/promises';
import { taskFlag } from './schema.ts';

/** Tasks that pause because their target cannot be reached. */
export interface PausedTasks {
  /**
   * Records that a job could not reach its target. Returns the remaining pause in milliseconds, and whether
   * this is the first failure of the outage.
   */
  recordOutage(task: string): { delayMs: number; isFirst: boolean };
  /** Records that a job reached its target, which ends the outage. Returns whether there was one. */
  recordReached(task: string): boolean;
  /** The remaining pause of a task. Milliseconds. 0: it is not paused. */
  remainingMs(task: string): number;
  /** The tasks that are paused now. */
  paused(): string[];
}

/**
 * Shortest and longest pause. Milliseconds. Jobs run again within the longest pause after the end of an
 * outage.
 */
export const PAUSE_MS = { first: 500, longest: 10_000 } as const;

/**
 * Creates pauses that double while an outage lasts.
 * @param clock monotonic clock in milliseconds
 */
export function createPausedTasks(clock: () => number): PausedTasks {
  const states = new Map<string, { untilMs: number; lengthMs: number }>();
  const remainingMs = (task: string) => Math.max(0, (states.get(task)?.untilMs ?? 0) - clock());
  return {
    remainingMs,
    recordOutage(task) {
      const left = remainingMs(task);
      // The first of several concurrent jobs has recorded it.
      if (left > 0) return { delayMs: left, isFirst: false };
      const before = states.get(task)?.lengthMs;
      const lengthMs = before ? Math.min(2 * before, PAUSE_MS.longest) : PAUSE_MS.first;
      states.set(task, { untilMs: clock() + lengthMs, lengthMs });
      return { delayMs: lengthMs, isFirst: before === undefined };
    },
    recordReached: (task) => states.delete(task),
    paused: () => [...states.keys()].filter((task) => remainingMs(task) > 0),
  };
}

// Skipping many waiting jobs is expensive, so workers poll less often meanwhile.
const SLOW_MS = 1000;

/**
 * Creates the function that graphile-worker calls before each look for a job: it returns the flags of paused
 * tasks, and of all tasks when the process stops. When all tasks are paused, it waits until one may be tried.
 */
export function createSkippedFlags(
  pauses: PausedTasks,
  { tasks, stopping }: { tasks: readonly string[]; stopping: AbortSignal },
): () => string[] | Promise<string[]> {
  // A stopping process takes no job. All workers of a process have one name in the table, so that the end of
  // a job that went back to the queue would count for the next run of it in the same process.
  const flags = () => (stopping.aborted ? tasks : pauses.paused()).map(taskFlag);
  return () => {
    if (stopping.aborted) return flags();
    const paused = pauses.paused();
    if (paused.length === 0) return [];
    const isAll = paused.length === tasks.length;
    const waitMs = isAll ? Math.min(...paused.map((task) => pauses.remainingMs(task))) : SLOW_MS;
    return sleep(waitMs, undefined, { signal: stopping }).then(flags, flags);
  };
}
