import { repeat } from '../background/repeat.ts';
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

/** How an outbox is worked off. */
export interface OutboxOptions {
  /** The database that the jobs are added in, as its owner. */
  readonly url: Secret;
  readonly logger: Logger;
  /** What to do, by the task of the job. Jobs of other tasks wait. */
  readonly tasks: Readonly<Record<string, OutboxTask>>;
  /** Most jobs at once. Default 4. */
  readonly concurrency?: number;
  /** How often, in ms, somebody with nothing to do looks for a job. Default 500. */
  readonly pollMs?: number;
  /** How often, in ms, the backlog is counted and jobs of workers that are gone are freed. Default 5000. */
  readonly lookMs?: number;
  /** The longest that a job may take, in ms. Default 30000. */
  readonly jobTimeoutMs?: number;
  /** How long jobs at work may go on once the outbox is disposed, in ms; then they go back. Default 5000. */
  readonly drainMs?: number;
}

/** An outbox that is being worked off. Disposing it waits for the jobs at work, and gives back what is not done by then. */
export interface Outbox extends AsyncDisposable, DeadJobs {
  /** For /metrics: `rollcall_outbox_…`, the backlog as it was up to `lookMs` ago. */
  readings(): MetricReading[];
}

const DEFAULTS = {
  concurrency: 4,
  pollMs: 500,
  lookMs: 5000,
  jobTimeoutMs: 30_000,
  drainMs: 5000,
} as const;

/**
 * Starts to work off the outbox of a database, with connections of its own. Several processes share the jobs of one.
 * @throws StartupError where the database has no outbox: `npm run migrate` brings it.
 */
export async function startOutbox(options: OutboxOptions): Promise<Outbox> {
  const { url, logger, tasks, concurrency, pollMs, lookMs, jobTimeoutMs, drainMs } = {
    ...DEFAULTS,
    ...options,
  };
  await using stack = new AsyncDisposableStack();
  const pool = stack.adopt(
    // Beside the workers: one listens, one is the mark, one looks after the jobs.
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
  const look = async () => {
    await maintainJobs(pool, logger);
    backlog = await readBacklog(pool);
  };
  const onError = (error: unknown) => logger.warn({ error }, 'the outbox cannot be looked after');
  stack.use(repeat(look, { pauseMs: lookMs, onError }));
  const closers = stack.move();
  return {
    ...createDeadJobs(pool),
    readings: () => outboxReadings({ backlog, paused: pausedTasks.paused(), outcomes: counts }),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}
