import type { OutboxJob } from './outbox-job.ts';

/** Runs one statement in the caller's transaction. */
export type RunStatement = (text: string, values: unknown[]) => Promise<unknown>;

/**
 * Adds jobs in the transaction of `run`: they are there exactly when it commits, and found within half a second. Jobs with
 * keys go last in a transaction: others that add the same key wait for its end.
 */
export async function addJobs(run: RunStatement, jobs: readonly OutboxJob[]): Promise<void> {
  if (jobs.length > 0) await run('select outbox.add_jobs($1::json)', [JSON.stringify(jobs.map(toSpec))]);
}

function toSpec({ task, payload, key, runAt, maxAttempts = DEFAULT_MAX_ATTEMPTS }: OutboxJob) {
  return {
    task,
    payload,
    // Keys are unique across tasks in the table.
    key: key === undefined ? null : `${task}:${key}`,
    run_at: runAt?.toISOString() ?? null,
    max_attempts: maxAttempts,
  };
}

// With what `retryDelayMs` says, half an hour.
const DEFAULT_MAX_ATTEMPTS = 12;
