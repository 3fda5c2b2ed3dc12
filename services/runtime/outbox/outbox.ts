import { repeat } from '../background/loops.ts';
import type { Secret } from '../config/secret.ts';
import type { Logger } from '../log/logger.ts';
import type { MetricReading } from '../metrics/metrics.ts';
import { createPool } from '../postgres/pool.ts';
import type { OutboxTask } from './job.ts';
import { createDeadJobs, type DeadJobs, maintainJobs, readBacklog, type TaskBacklog } from './maintenance.ts';
import { countOutcomes, outboxReadings } from './metrics.ts';
import { createPausedTasks, createSkippedFlags } from './paused-tasks.ts';
import { runJob } from './run-job.ts';
import { requireOutbox } from './schema.ts';
import { keepWorkerRunning } from './worker.ts';

/** Options of `startOutbox`. */
export interface OutboxOptions {
  /** URL of the database that holds the jobs, as its owner. */
  readonly url: Secret;
  readonly logger: Logger;
  /** Functions that run jobs, by task. Jobs of other tasks wait. */
  readonly tasks: Readonly<Record<string, OutboxTask>>;
  /** The most jobs that run at once. @defaultValue 4 */
  readonly concurrency?: number;
  /** Pause before an idle worker looks for a job. Milliseconds. @defaultValue 500 */
  readonly pollMs?: number;
  /**
   * Pause between two runs of maintenance, which counts the backlog and unlocks jobs of lost workers.
   * Milliseconds.
   * @defaultValue 5000
   */
  readonly maintenanceMs?: number;
  /** The longest time that a job may take. Milliseconds. @defaultValue 30000 */
  readonly jobTimeoutMs?: number;
  /**
   * How long running jobs may continue after the outbox is disposed, before they return to the queue.
   * Milliseconds.
   * @defaultValue 5000
   */
  readonly drainMs?: number;
}

/** A running outbox. Disposing waits for running jobs, and returns unfinished ones to the queue. */
export interface Outbox extends AsyncDisposable, DeadJobs {
  /** The metrics `rollcall_outbox_…`. The backlog is up to `maintenanceMs` old. */
  readings(): MetricReading[];
}

const DEFAULTS = {
  concurrency: 4,
  pollMs: 500,
  maintenanceMs: 5000,
  jobTimeoutMs: 30_000,
  drainMs: 5000,
} as const;

/**
 * Starts to run the jobs of a database, with its own connections. Several processes share the jobs.
 * @throws StartupError when the database has no outbox: `npm run migrate` installs it
 */
export async function startOutbox(options: OutboxOptions): Promise<Outbox> {
  const { url, logger, tasks, concurrency, pollMs, maintenanceMs, jobTimeoutMs, drainMs } = {
    ...DEFAULTS,
    ...options,
  };
  await using stack = new AsyncDisposableStack();
  const pool = stack.adopt(
    // Besides the workers: one listens, one holds the heartbeat, one does maintenance.
    createPool({ url, maxConnections: concurrency + 3, statementTimeoutMs: 10_000, logger }),
    (each) => each.end(),
  );
  await requireOutbox(pool);
  const pausedTasks = createPausedTasks(() => performance.now());
  const { counts, count } = countOutcomes(Object.keys(tasks));
  const overdue = new AbortController();
  const jobOptions = { pool, pausedTasks, logger, jobTimeoutMs, ending: overdue.signal, count };
  const list = Object.entries(tasks).map(([name, task]) => [name, runJob(name, task, jobOptions)]);
  const stopping = new AbortController();
  const skippedFlags = createSkippedFlags(pausedTasks, {
    tasks: Object.keys(tasks),
    stopping: stopping.signal,
  });
  const run = { pool, tasks: Object.fromEntries(list), concurrency, pollMs, skippedFlags, logger };
  stack.use(await keepWorkerRunning(run, { stopping, overdue, drainMs }));
  let backlog: readonly TaskBacklog[] = [];
  const maintain = async () => {
    await maintainJobs(pool, logger);
    backlog = await readBacklog(pool);
  };
  const onError = (error: unknown) => logger.warn({ error }, 'outbox maintenance failed');
  stack.use(repeat(maintain, { pauseMs: maintenanceMs, onError }));
  const closers = stack.move();
  return {
    ...createDeadJobs(pool),
    readings: () => outboxReadings({ backlog, paused: pausedTasks.paused(), outcomes: counts }),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}
