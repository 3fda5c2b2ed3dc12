import { EventEmitter } from 'node:events';
import { run, type TaskList, type WorkerEvents } from 'graphile-worker';
import type { Logger } from '../log/logger.ts';
import type { Pool } from '../postgres/pool.ts';
import { toWorkerLogger } from './worker-logger.ts';

/** graphile-worker at work, until it ends by itself or is told to. */
export interface WorkerRun {
  /** Its name in the table: who holds a job. */
  readonly holder: string;
  /** Never rejects. Resolves where it ended, with the reason if there was one. */
  readonly ended: Promise<unknown>;
  /** Takes no more jobs and waits for those that are at work. */
  stop(): Promise<void>;
}

/** What it works with. */
export interface WorkerRunOptions {
  readonly pool: Pool;
  readonly tasks: TaskList;
  readonly concurrency: number;
  /** How often, in ms, a worker that has nothing to do looks for a job. */
  readonly pollMs: number;
  /** Flags of jobs to pass over now. */
  readonly passOver: () => string[] | Promise<string[]>;
  readonly logger: Logger;
}

/** Starts it. The schema is there already. */
export async function startWorkerRun(options: WorkerRunOptions): Promise<WorkerRun> {
  const { pool, tasks, concurrency, pollMs, passOver, logger } = options;
  const events = new EventEmitter() as WorkerEvents;
  let holder = '';
  events.on('pool:create', ({ workerPool }) => {
    holder = workerPool.id;
  });
  const runner = await run({
    pgPool: pool,
    schema: 'graphile_worker',
    taskList: tasks,
    parsedCronItems: [],
    concurrency,
    pollInterval: pollMs,
    forbiddenFlags: passOver,
    // The process has a way of its own to end.
    noHandleSignals: true,
    events,
    logger: toWorkerLogger(logger),
    // Not as separate statements: nobody hears of one that fails, and that ends the process.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  });
  const ended = runner.promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  return {
    holder,
    ended,
    stop: async () => {
      // Rejects where it has ended already.
      await runner.stop().catch(() => {});
      await ended;
    },
  };
}
