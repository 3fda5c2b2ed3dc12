/** What a job is about: an object of JSON. No contact data: whoever looks into the queue sees it. */
export interface OutboxPayload {
  readonly [name: string]: JsonValue;
}

/** A value that JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | OutboxPayload;

/** Something to do after the transaction, at least once. */
export interface OutboxJob {
  /** Which of the tasks does it; at most 128 characters. */
  readonly task: string;
  readonly payload: OutboxPayload;
  /** Replaces a waiting job of the same task and key, also one that is dead. At most 350 characters; default: replaces none. */
  readonly key?: string;
  /** Not before. Default: now. */
  readonly runAt?: Date;
  /** How often it is tried before it is dead; an outage counts none. Default 12, which takes half an hour. */
  readonly maxAttempts?: number;
}

/** How a task is called. */
export interface OutboxCall {
  /** Aborts where the process ends or the job takes too long; what comes of it then counts for nothing. */
  readonly signal: AbortSignal;
  /** 1: the first. */
  readonly attempt: number;
  /** Another failure makes the job a dead one. */
  readonly isLast: boolean;
}

/**
 * Does one job. It may be called again after it was done, where the process ended too early: repeating it must do no harm.
 * Throws OutboxUnreachableError, OutboxRefusedError, or anything else, which is tried again later.
 */
export type OutboxTask = (payload: unknown, call: OutboxCall) => Promise<void>;

/**
 * What a task throws where those whom it calls cannot be reached. The job keeps its attempts, and all jobs of its task wait a
 * while: an outage is no fault of theirs.
 */
export class OutboxUnreachableError extends Error {
  override readonly name = 'OutboxUnreachableError';
}

/** What a task throws where trying again cannot help: the job is dead at once, and stays to be seen and retried by hand. */
export class OutboxRefusedError extends Error {
  override readonly name = 'OutboxRefusedError';
}

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
