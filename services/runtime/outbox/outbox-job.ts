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
 * Throws OutboxAwayError, OutboxRefusedError, or anything else, which is tried again later.
 */
export type OutboxTask = (payload: unknown, call: OutboxCall) => Promise<void>;
