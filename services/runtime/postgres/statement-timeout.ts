import type { ClientBase } from 'pg';

/**
 * A connection has no sufficient statement timeout: a pooler dropped the one that it asked for, or the
 * database sets none for the pooler. The connection was not used.
 */
export class StatementTimeoutError extends Error {
  override readonly name = 'StatementTimeoutError';
  /** Class 08 of SQLSTATE, so that a call fails as DATABASE_UNAVAILABLE. */
  readonly code = '08000';
  /** The timeout in force. Milliseconds. 0: none. */
  readonly timeoutMs: number;
  /** The longest timeout that is accepted. Milliseconds. */
  readonly maxTimeoutMs: number;

  constructor(timeoutMs: number, maxTimeoutMs: number) {
    super(`statement_timeout is ${timeoutMs} ms on this connection, and must be 1 to ${maxTimeoutMs} ms`);
    this.timeoutMs = timeoutMs;
    this.maxTimeoutMs = maxTimeoutMs;
  }
}

/** A column expression that reads the statement timeout in force, in milliseconds. */
export const STATEMENT_TIMEOUT_MS =
  "(extract(epoch from current_setting('statement_timeout')::interval) * 1000)::float8";

/**
 * Creates a check for new connections: their statement timeout is at most `maxTimeoutMs`.
 * @throws StatementTimeoutError, as a rejection of the check
 */
export function requireStatementTimeout(maxTimeoutMs: number): (client: ClientBase) => Promise<void> {
  return async (client) => {
    const { rows } = await client.query<{ ms: number }>(`select ${STATEMENT_TIMEOUT_MS} as ms`);
    const timeoutMs = rows[0]?.ms ?? 0;
    if (timeoutMs <= 0 || timeoutMs > maxTimeoutMs) throw new StatementTimeoutError(timeoutMs, maxTimeoutMs);
  };
}
