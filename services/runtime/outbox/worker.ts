import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, type TaskList, type WorkerEvents, Logger as WorkerLogger } from 'graphile-worker';
import type { Logger } from '../log/logger.ts';
import type { Pool } from '../postgres/pool.ts';
import { holdHeartbeat } from './worker-heartbeat.ts';

const RESTART_MS = 1000;

/** How it ends. */
export interface WorkerShutdown {
  /** Aborted at once: no more jobs are looked for. */
  readonly stopping: AbortController;
  /** Aborted once jobs at work have had their time. */
  readonly overdue: AbortController;
  /** That time, in ms. */
  readonly drainMs: number;
}

/**
 * Has graphile-worker run, marked as alive, and starts it again where it ended by itself, as it does when the database goes
 * away at the wrong moment. Rejects where it cannot even start. Disposing it waits for the jobs at work.
 */
export async function keepWorkerRunning(
  options: WorkerRunOptions,
  ending: WorkerShutdown,
): Promise<AsyncDisposable> {
  const { stopping } = ending;
  let run = await startWorkerRun(options);
  const work = async () => {
    for (;;) {
      const error = await whileHeartbeat(options, run);
      if (stopping.signal.aborted) return;
      options.logger.error({ error }, 'the outbox ended by itself, and is started again');
      const next = await startAgain(options, stopping.signal);
      if (!next) return;
      run = next;
    }
  };
  const working = work();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      const timer = setTimeout(() => ending.overdue.abort(), ending.drainMs);
      await run.stop();
      await working;
      clearTimeout(timer);
    },
  };
}

async function whileHeartbeat({ pool }: WorkerRunOptions, run: WorkerRun): Promise<unknown> {
  await using _mark = holdHeartbeat(pool, run.holder);
  return await run.ended;
}

/** Undefined: it is not wanted any more. */
async function startAgain(options: WorkerRunOptions, stopping: AbortSignal): Promise<WorkerRun | undefined> {
  while (!stopping.aborted) {
    await sleep(RESTART_MS, undefined, { signal: stopping }).catch(() => {});
    const run = stopping.aborted ? undefined : await startWorkerRun(options).catch(() => undefined);
    if (run && stopping.aborted) await run.stop();
    else if (run) return run;
  }
  return undefined;
}

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
  readonly skippedFlags: () => string[] | Promise<string[]>;
  readonly logger: Logger;
}

/** Starts it. The schema is there already. */
export async function startWorkerRun(options: WorkerRunOptions): Promise<WorkerRun> {
  const { pool, tasks, concurrency, pollMs, skippedFlags, logger } = options;
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
    forbiddenFlags: skippedFlags,
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

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;

/**
 * What graphile-worker says of itself, one step quieter. What became of jobs is left out, because it would come with their
 * payloads: `runJob` tells it.
 */
export function toWorkerLogger(logger: Logger): WorkerLogger {
  return new WorkerLogger(() => (level, message, meta) => {
    if (meta?.failure || meta?.success) return;
    logger[LEVELS[level]](`outbox: ${message}`);
  });
}
