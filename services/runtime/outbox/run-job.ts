import type { Job } from 'graphile-worker';
import { type Logger, serializeError } from '../log/logger.ts';
import { isDatabaseDown } from '../postgres/database-error.ts';
import type { Pool } from '../postgres/pool.ts';
import { OutboxRefusedError, type OutboxTask, OutboxUnreachableError } from './job.ts';
import type { Outcome } from './metrics.ts';
import type { PausedTasks } from './paused-tasks.ts';

/** Options of `runJob`. */
interface RunJobOptions {
  readonly pool: Pool;
  readonly pausedTasks: PausedTasks;
  readonly logger: Logger;
  /** The longest that a job may take. Milliseconds. */
  readonly jobTimeoutMs: number;
  /** Aborts when the process ends and has waited for its jobs long enough. */
  readonly ending: AbortSignal;
  readonly count: (task: string, outcome: Outcome) => void;
}

type LockedJob = Pick<Job, 'id' | 'attempts' | 'max_attempts' | 'locked_by'>;

/** Makes the function by which graphile-worker runs the jobs of one task. */
export function runJob(name: string, task: OutboxTask, options: RunJobOptions) {
  return async (payload: unknown, { job }: { job: LockedJob }): Promise<void> => {
    const call = { attempt: job.attempts, isLast: job.attempts >= job.max_attempts };
    try {
      await inTime(options, (signal) => task(payload, { ...call, signal }));
    } catch (error) {
      const failure = classifyFailure(error, { isLast: call.isLast, isEnding: options.ending.aborted });
      const delayMs = recordFailure(name, { job, failure, error }, options);
      const settlement = { next: NEXT[failure], delayMs, error: toLine(error) };
      await settleJob(options.pool, { id: job.id, worker: job.locked_by ?? '' }, settlement);
      throw error;
    }
    recordReached(name, options);
    options.count(name, 'done');
  };
}

/** Logs and counts a failed attempt, and returns how long the job waits for the next one, in milliseconds. */
function recordFailure(
  name: string,
  { job, failure, error }: { job: LockedJob; failure: Failure; error: unknown },
  options: RunJobOptions,
): number {
  const { pausedTasks, logger, count } = options;
  count(name, OUTCOMES[failure]);
  const pause = failure === 'outage' ? pausedTasks.recordOutage(name) : undefined;
  if (failure === 'retry' || failure === 'dead') recordReached(name, options);
  // Of an outage one line is enough.
  const level = failure === 'dead' ? 'error' : pause?.isFirst === false ? 'debug' : 'warn';
  logger[level]({ task: name, jobId: job.id, attempt: job.attempts, error }, MESSAGES[failure]);
  return pause?.delayMs ?? (failure === 'retry' ? retryDelayMs(job.attempts) : 0);
}

function recordReached(name: string, { pausedTasks, logger }: RunJobOptions): void {
  if (pausedTasks.recordReached(name)) logger.info({ task: name }, 'outbox target reachable again');
}

/** Why an attempt failed. `outage`: its target cannot be reached. `shutdown`: the process ended before it. */
type Failure = 'retry' | 'outage' | 'shutdown' | 'dead';

const OUTCOMES = {
  retry: 'failed',
  outage: 'away',
  shutdown: 'away',
  dead: 'dead',
} as const satisfies Record<Failure, Outcome>;

const NEXT = {
  retry: 'later',
  outage: 'again',
  shutdown: 'again',
  dead: 'dead',
} as const satisfies Record<Failure, Settlement['next']>;

const MESSAGES = {
  retry: 'outbox job failed and will be retried',
  outage: 'outbox target unreachable: its jobs wait',
  shutdown: 'outbox job returned to the queue: the process ends',
  dead: 'outbox job failed for good and stays as a dead job',
} as const satisfies Record<Failure, string>;

/** Rejects when the signal aborts, even if the task ignores it. */
async function inTime(
  { jobTimeoutMs, ending }: RunJobOptions,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = AbortSignal.any([ending, AbortSignal.timeout(jobTimeoutMs)]);
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  try {
    await Promise.race([work(signal), promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function classifyFailure(
  error: unknown,
  { isLast, isEnding }: { isLast: boolean; isEnding: boolean },
): Failure {
  if (isEnding) return 'shutdown';
  if (error instanceof OutboxUnreachableError || isDatabaseDown(error)) return 'outage';
  return isLast || error instanceof OutboxRefusedError ? 'dead' : 'retry';
}

const MAX_RETRY_DELAY_MS = 300_000;

/** Back-off of a failed job, in milliseconds: from 1 second to 5 minutes, doubling, with 25 % of jitter. */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  return Math.min(1000 * 2 ** (attempt - 1), MAX_RETRY_DELAY_MS) * (0.75 + random() / 2);
}

const MAX_ERROR_LENGTH = 500;

function toLine(error: unknown): string {
  // Serialised as for the log, which leaves out the values that Postgres quotes.
  const serialized = error instanceof Error ? (serializeError(error) as Error) : undefined;
  const text = serialized ? `${serialized.name}: ${serialized.message}` : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, MAX_ERROR_LENGTH);
}

/** Next state of a job after a failed attempt. */
interface Settlement {
  /** `later`: another attempt. `again`: an attempt that does not count. `dead`: no attempt. */
  readonly next: 'later' | 'again' | 'dead';
  /** The shortest time until the next attempt. Milliseconds. */
  readonly delayMs: number;
  /** One line for the operator. */
  readonly error: string;
}

/** A job that a worker has locked. */
interface HeldJob {
  readonly id: string;
  /** Name of the worker in the table. */
  readonly worker: string;
}

// graphile-worker counts outages as failures, and waits up to six hours. Its own update afterwards finds a
// job that no worker has locked, and changes nothing. A job that was replaced while it ran is deleted.
const SETTLE = {
  name: 'outbox-settle',
  text: `with replaced as (
      delete from graphile_worker._private_jobs
      where id = $1 and locked_by = $2 and key is null and flags ? 'keyed' returning id)
    update graphile_worker._private_jobs
    set locked_by = null, locked_at = null, updated_at = now(), last_error = $5,
      run_at = greatest(run_at, now() + $4 * interval '1 millisecond'),
      attempts = case $3::text when 'dead' then max_attempts when 'again' then greatest(attempts - 1, 0) else attempts end
    where id = $1 and locked_by = $2 and not exists (select from replaced)`,
} as const;

/** Unlocks a job after a failed attempt. Changes nothing when its worker does not hold it any more. */
export async function settleJob(
  pool: Pool,
  { id, worker }: HeldJob,
  { next, delayMs, error }: Settlement,
): Promise<void> {
  await pool.query({ ...SETTLE, values: [id, worker, next, Math.ceil(delayMs), error] });
}
