import type pg from 'pg';
import type { Secret } from '../config/secret.ts';
import type { Logger } from '../log/logger.ts';
import { PatientPool } from './bounded-pool.ts';
import { TYPES } from './parse-timestamp.ts';
import { punctualClient } from './query-timeout-client.ts';
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
    Client: punctualClient(statementTimeoutMs + 1000),
    keepAlive: true,
    types: TYPES,
  };
  const pool = new PatientPool(config, { maxWaitMs });
  // An idle connection that breaks is replaced on demand; unheard, the event would end the process.
  pool.on('error', (error) => logger.warn({ error }, 'an idle database connection broke'));
  return pool;
}
