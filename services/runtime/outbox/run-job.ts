import type { JobHelpers } from 'graphile-worker';
import type { Logger } from '../logger.ts';
import type { Pool } from '../postgres/pool.ts';
import { serializeError } from '../serialize-error.ts';
import type { Outcome } from './count-outcomes.ts';
import { OutboxAwayError, OutboxRefusedError } from './outbox-error.ts';
import type { OutboxTask } from './outbox-job.ts';
import type { Pauses } from './pauses.ts';
import { type Settlement, settleJob } from './settle-job.ts';

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

/** The jobs of one task, as graphile-worker calls them. */
export function runJob(name: string, task: OutboxTask, options: RunJobOptions) {
  return async (payload: unknown, { job }: Pick<JobHelpers, 'job'>): Promise<void> => {
    const { pool, pauses, logger, note } = options;
    const attempt = job.attempts;
    const isLast = attempt >= job.max_attempts;
    try {
      await inTime(options, (signal) => task(payload, { signal, attempt, isLast }));
      pauses.noteReached(name);
      note(name, 'done');
    } catch (error) {
      const settlement = judge(error, { name, attempt, isLast }, options);
      note(name, OUTCOMES[settlement.fate]);
      const level = settlement.fate === 'dead' ? 'error' : 'warn';
      logger[level]({ task: name, jobId: job.id, attempt, error }, SENTENCES[settlement.fate]);
      await settleJob(pool, { id: job.id, holder: job.locked_by ?? '' }, settlement);
      throw error;
    }
  };
}

const OUTCOMES = { later: 'failed', again: 'away', dead: 'dead' } as const satisfies Record<
  Settlement['fate'],
  Outcome
>;

const SENTENCES = {
  later: 'an outbox job failed and is tried again later',
  again: 'an outbox job waits: those whom it is for are away',
  dead: 'an outbox job is given up; it stays among the dead',
} as const satisfies Record<Settlement['fate'], string>;

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

function judge(
  error: unknown,
  { name, attempt, isLast }: { name: string; attempt: number; isLast: boolean },
  { pauses, ending }: RunJobOptions,
): Settlement {
  const told = toLine(error);
  if (ending.aborted) return { fate: 'again', delayMs: 0, error: told };
  if (error instanceof OutboxAwayError) return { fate: 'again', delayMs: pauses.noteAway(name), error: told };
  pauses.noteReached(name);
  if (isLast || error instanceof OutboxRefusedError) return { fate: 'dead', delayMs: 0, error: told };
  return { fate: 'later', delayMs: retryDelayMs(attempt), error: told };
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
