import type { Job } from 'graphile-worker';
import { type Logger, serializeError } from '../log/logger.ts';
import { isDatabaseAway } from '../postgres/database-error.ts';
import type { Pool } from '../postgres/pool.ts';
import { OutboxAwayError, OutboxRefusedError, type OutboxTask } from './job.ts';
import type { Outcome } from './metrics.ts';
import type { Pauses } from './paused-tasks.ts';

/** What jobs are run with. */
export interface RunJobOptions {
  readonly pool: Pool;
  readonly pauses: Pauses;
  readonly logger: Logger;
  /** The longest that a job may take, in ms. */
  readonly jobTimeoutMs: number;
  /** Aborts where the process ends and has waited long enough. */
  readonly ending: AbortSignal;
  readonly note: (task: string, outcome: Outcome) => void;
}

type Held = Pick<Job, 'id' | 'attempts' | 'max_attempts' | 'locked_by'>;

/** The jobs of one task, as graphile-worker calls them. */
export function runJob(name: string, task: OutboxTask, options: RunJobOptions) {
  return async (payload: unknown, { job }: { job: Held }): Promise<void> => {
    const call = { attempt: job.attempts, isLast: job.attempts >= job.max_attempts };
    try {
      await inTime(options, (signal) => task(payload, { ...call, signal }));
    } catch (error) {
      const fate = judge(error, { isLast: call.isLast, isEnding: options.ending.aborted });
      const delayMs = tell(name, { job, fate, error }, options);
      const settlement = { fate: FATES[fate], delayMs, error: toLine(error) };
      await settleJob(options.pool, { id: job.id, holder: job.locked_by ?? '' }, settlement);
      throw error;
    }
    noteReached(name, options);
    options.note(name, 'done');
  };
}

/** Tells of a job that was not done. Answers how long it waits, in ms. */
function tell(
  name: string,
  { job, fate, error }: { job: Held; fate: Fate; error: unknown },
  options: RunJobOptions,
): number {
  const { pauses, logger, note } = options;
  note(name, OUTCOMES[fate]);
  const pause = fate === 'away' ? pauses.noteAway(name) : undefined;
  if (fate === 'later' || fate === 'dead') noteReached(name, options);
  // Of an outage one line is enough.
  const level = fate === 'dead' ? 'error' : pause?.isFirst === false ? 'debug' : 'warn';
  logger[level]({ task: name, jobId: job.id, attempt: job.attempts, error }, SENTENCES[fate]);
  return pause?.delayMs ?? (fate === 'later' ? retryDelayMs(job.attempts) : 0);
}

function noteReached(name: string, { pauses, logger }: RunJobOptions): void {
  if (pauses.noteReached(name)) logger.info({ task: name }, 'those whom outbox jobs are for are there again');
}

/** What becomes of a job that was not done; `back`: the process ends before it. */
type Fate = 'later' | 'away' | 'back' | 'dead';

const OUTCOMES = { later: 'failed', away: 'away', back: 'away', dead: 'dead' } as const satisfies Record<
  Fate,
  Outcome
>;

const FATES = { later: 'later', away: 'again', back: 'again', dead: 'dead' } as const satisfies Record<
  Fate,
  Settlement['fate']
>;

const SENTENCES = {
  later: 'an outbox job failed and is tried again later',
  away: 'outbox jobs wait: those whom they are for are away',
  back: 'an outbox job goes back, because the process ends',
  dead: 'an outbox job is given up; it stays among the dead',
} as const satisfies Record<Fate, string>;

/** Ends with the signal, whether the task heeds it or not. */
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

function judge(error: unknown, { isLast, isEnding }: { isLast: boolean; isEnding: boolean }): Fate {
  if (isEnding) return 'back';
  if (error instanceof OutboxAwayError || isDatabaseAway(error)) return 'away';
  return isLast || error instanceof OutboxRefusedError ? 'dead' : 'later';
}

const LONGEST_DELAY_MS = 300_000;

/** From a second to five minutes, doubling; somewhat different for each, so that jobs that failed together do not return so. */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  return Math.min(1000 * 2 ** (attempt - 1), LONGEST_DELAY_MS) * (0.75 + random() / 2);
}

const MAX_ERROR_LENGTH = 500;

function toLine(error: unknown): string {
  // As it is logged: without what Postgres tells of values.
  const told = error instanceof Error ? (serializeError(error) as Error) : undefined;
  const text = told ? `${told.name}: ${told.message}` : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, MAX_ERROR_LENGTH);
}

/** What becomes of a job that was not done. */
export interface Settlement {
  /** `later`: another attempt; `again`: one that does not count; `dead`: none. */
  readonly fate: 'later' | 'again' | 'dead';
  /** Not before this many ms from now. */
  readonly delayMs: number;
  /** One line for whoever looks. */
  readonly error: string;
}

/** A job as the worker holds it. */
export interface HeldJob {
  readonly id: string;
  /** The worker's name in the table. */
  readonly holder: string;
}

// graphile-worker's own way counts outages as failures, and waits up to six hours. What it does afterwards finds a job
// that nobody holds, and leaves it alone. A job that was replaced while it was at work has nothing to come back for.
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

/** Puts a job back, or to the dead; nothing where its holder has it no more. */
export async function settleJob(
  pool: Pool,
  { id, holder }: HeldJob,
  { fate, delayMs, error }: Settlement,
): Promise<void> {
  await pool.query({ ...SETTLE, values: [id, holder, fate, Math.ceil(delayMs), error] });
}
