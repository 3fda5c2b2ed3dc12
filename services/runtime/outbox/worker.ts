import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, type TaskList, type WorkerEvents, Logger as WorkerLogger } from 'graphile-worker';
import type { Logger } from '../log/logger.ts';
import type { Pool } from '../postgres/pool.ts';
import { holdHeartbeat } from './worker-heartbeat.ts';

const RESTART_MS = 1000;

/** Signals and time limit of a worker's shutdown. */
interface WorkerShutdown {
  /** Aborted at once: the worker looks for no more jobs. */
  readonly stopping: AbortController;
  /** Aborted when running jobs have used up `drainMs`. */
  readonly overdue: AbortController;
  /** How long running jobs may continue. Milliseconds. */
  readonly drainMs: number;
}

/**
 * Runs graphile-worker with a heartbeat, and restarts it when it ends by itself, as it may when the database
 * goes down. Rejects when it cannot start at all. Disposing waits for running jobs.
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
      options.logger.error({ error }, 'outbox worker ended unexpectedly and is restarted');
      const next = await restart(options, stopping.signal);
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
  await using _heartbeat = holdHeartbeat(pool, run.workerId);
  return await run.ended;
}

/** Restarts until it succeeds. Undefined when the worker is stopping. */
async function restart(options: WorkerRunOptions, stopping: AbortSignal): Promise<WorkerRun | undefined> {
  while (!stopping.aborted) {
    await sleep(RESTART_MS, undefined, { signal: stopping }).catch(() => {});
    const run = stopping.aborted ? undefined : await startWorkerRun(options).catch(() => undefined);
    if (run && stopping.aborted) await run.stop();
    else if (run) return run;
  }
  return undefined;
}

/** A run of graphile-worker, until it ends by itself or is stopped. */
interface WorkerRun {
  /** Name of the worker in the table of jobs. */
  readonly workerId: string;
  /** Resolves when the run has ended, with the error if there was one. Never rejects. */
  readonly ended: Promise<unknown>;
  /** Takes no more jobs and waits for running ones. */
  stop(): Promise<void>;
}

/** Options of `startWorkerRun`. */
interface WorkerRunOptions {
  readonly pool: Pool;
  readonly tasks: TaskList;
  readonly concurrency: number;
  /** Pause before an idle worker looks for a job. Milliseconds. */
  readonly pollMs: number;
  /** Flags of jobs to skip now. */
  readonly skippedFlags: () => string[] | Promise<string[]>;
  readonly logger: Logger;
}

/** Starts a run. The schema must exist. */
async function startWorkerRun(options: WorkerRunOptions): Promise<WorkerRun> {
  const { pool, tasks, concurrency, pollMs, skippedFlags, logger } = options;
  const events = new EventEmitter() as WorkerEvents;
  let workerId = '';
  events.on('pool:create', ({ workerPool }) => {
    workerId = workerPool.id;
  });
  const runner = await run({
    pgPool: pool,
    schema: 'graphile_worker',
    taskList: tasks,
    parsedCronItems: [],
    concurrency,
    pollInterval: pollMs,
    forbiddenFlags: skippedFlags,
    // The process handles signals itself.
    noHandleSignals: true,
    events,
    logger: toWorkerLogger(logger),
    // Batched statements would end the process when one fails.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  });
  const ended = runner.promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  return {
    workerId,
    ended,
    stop: async () => {
      // Rejects when the run has already ended.
      await runner.stop().catch(() => {});
      await ended;
    },
  };
}

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;

/**
 * Converts log lines of graphile-worker to ours, one level lower. Leaves out the results of jobs, which would
 * repeat payloads; `runJob` logs them.
 */
export function toWorkerLogger(logger: Logger): WorkerLogger {
  return new WorkerLogger(() => (level, message, meta) => {
    if (meta?.failure || meta?.success) return;
    logger[LEVELS[level]](`outbox: ${message}`);
  });
}
