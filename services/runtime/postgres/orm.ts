import { MikroORM, type Options } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import type { Secret } from '../config/secret.ts';
import { reclaimClients } from './lease-timeout.ts';
import { CONNECT_TIMEOUT_MS } from './pool.ts';
import { requireStatementTimeout } from './statement-timeout.ts';

// As many statements, each as slow as it may be, fit into one transaction before its connection is taken away.
const LEASE_STATEMENTS = 3;

/** How MikroORM connects and what it maps. */
export interface OrmOptions {
  readonly url: Secret;
  readonly entities: NonNullable<Options['entities']>;
  /** The most connections at once. */
  readonly maxConnections: number;
  /** The longest a statement may run, in milliseconds; Postgres ends it then. */
  readonly statementTimeoutMs: number;
  /** Whether the URL leads to a pooler in transaction mode, as in `PoolOptions`. Default false. */
  readonly isPooled?: boolean;
}

/** MikroORM for writes and everything that is not hot. Connects on demand. The caller closes it. */
export function createOrm({ url, entities, maxConnections, ...session }: OrmOptions): MikroORM {
  const { statementTimeoutMs, isPooled = false } = session;
  const options: Options = {
    clientUrl: url.reveal(),
    entities,
    pool: { min: 0, max: maxConnections },
    driverOptions: {
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      ...(!isPooled && { statement_timeout: statementTimeoutMs }),
      onConnect: requireStatementTimeout(statementTimeoutMs),
      query_timeout: statementTimeoutMs + 1000,
      keepAlive: true,
      onPoolCreated: (pool: Pool) => reclaimClients(pool, LEASE_STATEMENTS * (statementTimeoutMs + 1000)),
    },
    // Values may be contact data: neither logged nor put into messages.
    debug: false,
    discovery: { warnWhenNoEntities: false },
    allowGlobalContext: false,
    forceUtcTimezone: true,
  };
  return new MikroORM(options);
}
