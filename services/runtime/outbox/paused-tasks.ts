import { setTimeout as sleep } from 'node:timers/promises';
import { taskFlag } from './schema.ts';

/** Which tasks are left alone for a while, because those whom they call are away. */
export interface PausedTasks {
  /** A job could not reach them. Answers how long the task is left alone now, in ms, and whether this is the first to say so. */
  recordOutage(task: string): { delayMs: number; isFirst: boolean };
  /** A job reached them: the next outage begins with the shortest pause again. Answers whether they were away. */
  recordReached(task: string): boolean;
  /** How long a task is left alone yet, in ms; 0: it is not. */
  remainingMs(task: string): number;
  /** The tasks that are left alone now. */
  paused(): string[];
}

/** From the first pause to the longest, in ms: an outage of any length is over for the jobs that soon after its end. */
export const PAUSE_MS = { first: 500, longest: 10_000 } as const;

/** Pauses that double while an outage lasts. @param clock monotonic, in ms */
export function createPausedTasks(clock: () => number): PausedTasks {
  const states = new Map<string, { untilMs: number; lengthMs: number }>();
  const remainingMs = (task: string) => Math.max(0, (states.get(task)?.untilMs ?? 0) - clock());
  return {
    remainingMs,
    recordOutage(task) {
      const left = remainingMs(task);
      // Of several jobs that found out at once, the first has said it.
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

// Looking past many jobs that wait is dear: while there are such, it is done less often.
const SLOW_MS = 1000;

/**
 * Whom to pass over, asked before each look for a job: tasks that are left alone. Where that is all of them, nobody looks
 * before one is tried again.
 */
export function createSkippedFlags(
  pauses: PausedTasks,
  { tasks, stopping }: { tasks: readonly string[]; stopping: AbortSignal },
): () => string[] | Promise<string[]> {
  const flags = () => pauses.paused().map(taskFlag);
  return () => {
    const paused = pauses.paused();
    if (paused.length === 0) return [];
    const isAll = paused.length === tasks.length;
    const waitMs = isAll ? Math.min(...paused.map((task) => pauses.remainingMs(task))) : SLOW_MS;
    return sleep(waitMs, undefined, { signal: stopping }).then(flags, flags);
  };
}
