import pg from 'pg';
import type { Secret } from '../config/secret.ts';
import type { Logger } from '../log/logger.ts';
import { BoundedPool } from './bounded-pool.ts';
import { TYPES } from './parse-timestamp.ts';
import { requireStatementTimeout } from './statement-timeout.ts';

/** Connections for prepared statements, beside those that MikroORM keeps. */
export type Pool = pg.Pool;

/** A pool as `createPool` makes it. */
export interface RenewablePool extends Pool {
  /** Replaces every connection before it is used again: the address may lead to another server by now. */
  renew(): void;
}

/** How to connect. */
export interface PoolOptions {
  readonly url: Secret;
  /** The most connections at once. */
  readonly maxConnections: number;
  /** The longest a statement may run, in milliseconds; Postgres ends it then. */
  readonly statementTimeoutMs: number;
  /** How long to wait, in milliseconds, where others have all connections. Default: as long as for a new one, 2000. */
  readonly maxWaitMs?: number;
  /**
   * Whether the URL leads to a pooler in transaction mode. The statement timeout is then the one that the database sets for
   * its sessions, which may be shorter. Default false: each connection asks for it.
   */
  readonly isPooled?: boolean;
  readonly logger: Logger;
}

/** How long to wait for a connection before the call fails as DATABASE_UNAVAILABLE. */
export const CONNECT_TIMEOUT_MS = 2000;

/**
 * A bounded pool. Connects on demand, so it can be made while the database is away. A connection whose statements Postgres
 * does not end in time is not used: a statement of the pool then rejects with StatementTimeoutError.
 */
export function createPool(options: PoolOptions): RenewablePool {
  const { url, maxConnections, statementTimeoutMs, maxWaitMs = CONNECT_TIMEOUT_MS, logger } = options;
  const config = {
    connectionString: url.reveal(),
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A pooler refuses parameters of a session, because its sessions are everybody's.
    ...(!options.isPooled && { statement_timeout: statementTimeoutMs }),
    onConnect: requireStatementTimeout(statementTimeoutMs),
    statementTimeoutMs,
    // A black-holed connection is noticed although the statement timeout never arrives at the server.
    Client: queryTimeoutClient(statementTimeoutMs + 1000),
    keepAlive: true,
    types: TYPES,
  };
  const pool = new BoundedPool(config, { maxWaitMs });
  // An idle connection that breaks is replaced on demand; unheard, the event would end the process.
  pool.on('error', (error) => logger.warn({ error }, 'an idle database connection broke'));
  return pool;
}

/**
 * A client of pg whose connection ends where an answer takes longer than `limitMs`: a connection that has become a black hole
 * never brings it, and whatever is asked over it later would wait as well. The query rejects with `Query read timeout`.
 *
 * In place of pg's own `query_timeout`, which puts another callback into each query; V8 then keeps the rows of all queries
 * until the next full collection, which every page pays for.
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

/** What pg's types leave out. */
interface Connected {
  readonly connection: pg.Connection;
}

/** Asks whether a database answers. */
export interface DatabaseProbe extends AsyncDisposable {
  /** Never rejects. */
  isAnswering(): Promise<boolean>;
}

/**
 * A probe with a connection of its own: calls that have all others say nothing about the database.
 * @param options as of the pool that calls use, so that both find the same database.
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
