import { setTimeout as sleep } from 'node:timers/promises';
import { taskFlag } from './outbox-schema.ts';
import type { Pauses } from './paused-tasks.ts';

// Looking past many jobs that wait is dear: while there are such, it is done less often.
const SLOW_MS = 1000;

/**
 * Whom to pass over, asked before each look for a job: tasks that are left alone. Where that is all of them, nobody looks
 * before one is tried again.
 */
export function createPassOver(
  pauses: Pauses,
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
