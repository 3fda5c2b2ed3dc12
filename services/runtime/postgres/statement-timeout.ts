import type { ClientBase } from 'pg';

/**
 * Statements of a connection run longer than they may: a pooler in front of the database dropped the timeout that the
 * connection asked for, or nothing sets one for connections of the pooler. Nothing was asked of the connection.
 */
export class StatementTimeoutError extends Error {
  override readonly name = 'StatementTimeoutError';
  /** Class 08 of SQLSTATE, so that a call that meets it fails as DATABASE_UNAVAILABLE. */
  readonly code = '08000';
  /** What is in force, in milliseconds. 0: none. */
  readonly timeoutMs: number;
  /** What must be in force at most, in milliseconds. */
  readonly maxTimeoutMs: number;

  constructor(timeoutMs: number, maxTimeoutMs: number) {
    super(`statement_timeout is ${timeoutMs} ms on this connection, and must be 1 to ${maxTimeoutMs} ms`);
    this.timeoutMs = timeoutMs;
    this.maxTimeoutMs = maxTimeoutMs;
  }
}

/** A column that reads the statement timeout in force, in milliseconds. */
export const STATEMENT_TIMEOUT_MS =
  "(extract(epoch from current_setting('statement_timeout')::interval) * 1000)::float8";

/**
 * Makes a check for new connections of a pool: Postgres ends their statements after `maxTimeoutMs` or sooner.
 * The check rejects with StatementTimeoutError.
 */
export function requireStatementTimeout(maxTimeoutMs: number): (client: ClientBase) => Promise<void> {
  return async (client) => {
    const { rows } = await client.query<{ ms: number }>(`select ${STATEMENT_TIMEOUT_MS} as ms`);
    const timeoutMs = rows[0]?.ms ?? 0;
    if (timeoutMs <= 0 || timeoutMs > maxTimeoutMs) throw new StatementTimeoutError(timeoutMs, maxTimeoutMs);
  };
}
