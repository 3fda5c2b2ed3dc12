/** Payload of a job: a JSON object. It must not hold contact data, because operators see it. */
export interface OutboxPayload {
  readonly [name: string]: JsonValue;
}

/** A JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | OutboxPayload;

/** A job that runs after the transaction, at least once. */
export interface OutboxJob {
  /** Name of the task that runs it. At most 128 characters. */
  readonly task: string;
  readonly payload: OutboxPayload;
  /**
   * Replaces a waiting or dead job of the same task and key. At most 350 characters.
   * @defaultValue replaces none
   */
  readonly key?: string;
  /** Earliest time of the first attempt. @defaultValue now */
  readonly runAt?: Date;
  /**
   * Number of attempts before the job is dead; attempts during an outage do not count.
   * @defaultValue 12, which takes half an hour
   */
  readonly maxAttempts?: number;
}

/** Context of one attempt. */
export interface OutboxCall {
  /** Aborts when the process ends or the job takes too long. The result is then ignored. */
  readonly signal: AbortSignal;
  /** Number of the attempt. 1: the first. */
  readonly attempt: number;
  /** Whether the job is dead after another failure. */
  readonly isLast: boolean;
}

/**
 * Runs one job. It may run again after it was done, when the process ended too early: repeating it must do no
 * harm.
 * @throws OutboxUnreachableError, OutboxRefusedError, or any other error, after which the job is retried
 */
export type OutboxTask = (payload: unknown, call: OutboxCall) => Promise<void>;

/**
 * Thrown by a task when its target cannot be reached. The job keeps its attempts, and all jobs of its task
 * pause for a while.
 */
export class OutboxUnreachableError extends Error {
  override readonly name = 'OutboxUnreachableError';
}

/**
 * Thrown by a task when retrying cannot help. The job is dead at once, and stays for operators to see and
 * retry.
 */
export class OutboxRefusedError extends Error {
  override readonly name = 'OutboxRefusedError';
}

/** Runs one statement in the transaction of the caller. */
export type RunStatement = (text: string, values: unknown[]) => Promise<unknown>;

/**
 * Enqueues jobs in the transaction of `run`: they exist exactly when it commits, and run within half a
 * second. Jobs with keys go last in a transaction, because others that add the same key wait for its end.
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

// With the back-off of `retryDelayMs`, half an hour.
const DEFAULT_MAX_ATTEMPTS = 12;
