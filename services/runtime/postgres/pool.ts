import pg from 'pg';
import type { Secret } from '../config/secret.ts';
import type { Logger } from '../log/logger.ts';
import { BoundedPool } from './bounded-pool.ts';
import { TYPES } from './parse-timestamp.ts';
import { requireStatementTimeout } from './statement-timeout.ts';

/** Connections for prepared statements, besides those of MikroORM. */
export type Pool = pg.Pool;

/** A pool made by `createPool`. */
export interface RenewablePool extends Pool {
  /** Replaces every connection before its next use, because the address may now lead to another server. */
  renew(): void;
}

/** Options of `createPool`. */
export interface PoolOptions {
  readonly url: Secret;
  /** The most connections at once. */
  readonly maxConnections: number;
  /** The longest time that a statement may run before Postgres ends it. Milliseconds. */
  readonly statementTimeoutMs: number;
  /**
   * The longest wait for a connection that is in use. Milliseconds.
   * @defaultValue 2000, as for a new connection
   */
  readonly maxWaitMs?: number;
  /**
   * Whether the URL leads to a pooler in transaction mode. The statement timeout is then the one that the
   * database sets, which may be shorter.
   * @defaultValue false: each connection sets it
   */
  readonly isPooled?: boolean;
  readonly logger: Logger;
}

/** The longest wait for a new connection before the call fails as DATABASE_UNAVAILABLE. Milliseconds. */
export const CONNECT_TIMEOUT_MS = 2000;

/**
 * Creates a bounded pool. Connects on demand, so that it can be created while the database is down. A
 * connection without a statement timeout is not used: its statement rejects with StatementTimeoutError.
 */
export function createPool(options: PoolOptions): RenewablePool {
  const { url, maxConnections, statementTimeoutMs, maxWaitMs = CONNECT_TIMEOUT_MS, logger } = options;
  const config = {
    connectionString: url.reveal(),
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A pooler refuses session parameters, because clients share its sessions.
    ...(!options.isPooled && { statement_timeout: statementTimeoutMs }),
    onConnect: requireStatementTimeout(statementTimeoutMs),
    statementTimeoutMs,
    // Notices a dead network, over which the statement timeout never arrives.
    Client: queryTimeoutClient(statementTimeoutMs + 1000),
    keepAlive: true,
    types: TYPES,
  };
  const pool = new BoundedPool(config, { maxWaitMs });
  // A broken idle connection is replaced on demand. Without a listener the event would end the process.
  pool.on('error', (error) => logger.warn({ error }, 'an idle database connection broke'));
  return pool;
}

/**
 * A pg client that closes its connection when an answer takes longer than `limitMs`, because later statements
 * on a dead connection would wait as well. The query rejects with `Query read timeout`.
 *
 * Replaces `query_timeout` of pg, which puts another callback into each query: V8 then keeps the rows of all
 * queries until the next full collection.
 */
export function queryTimeoutClient(limitMs: number): typeof pg.Client {
  return class QueryTimeoutClient extends pg.Client {
    // biome-ignore lint/suspicious/noExplicitAny: pg has a dozen signatures for it, which stay as they are.
    override query(config: any, values?: any, callback?: any): any {
      const { stream } = (this as unknown as Connected).connection;
      const timer = setTimeout(() => stream.destroy(new Error('Query read timeout')), limitMs);
      const timed = (then: QueryCallback) => (error: Error, result: pg.QueryResult) => {
        clearTimeout(timer);
        then(error, result);
      };
      if (typeof values === 'function') return super.query(config, timed(values));
      if (typeof callback === 'function') return super.query(config, values, timed(callback));
      return super.query(config, values).finally(() => clearTimeout(timer));
    }
  };
}

type QueryCallback = (error: Error, result: pg.QueryResult) => void;

/** A field that the types of pg leave out. */
interface Connected {
  readonly connection: pg.Connection;
}

/** Checks whether a database answers. */
export interface DatabaseProbe extends AsyncDisposable {
  /** Resolves with false when the database does not answer. Never rejects. */
  isAnswering(): Promise<boolean>;
}

/**
 * Creates a probe with its own connection, because busy connections of a pool say nothing about the database.
 * @param options as for the pool of the calls, so that both reach one database
 */
export function createDatabaseProbe(options: Omit<PoolOptions, 'maxConnections'>): DatabaseProbe {
  const pool = createPool({ ...options, maxConnections: 1 });
  return {
    isAnswering: () =>
      pool.query('select 1').then(
        () => true,
        () => false,
      ),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
