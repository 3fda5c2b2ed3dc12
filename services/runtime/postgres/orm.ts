import { MikroORM, type Options } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import type { Secret } from '../secret.ts';
import { CONNECT_TIMEOUT_MS } from './pool.ts';
import { reclaimClients } from './reclaim-clients.ts';

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
}

/** MikroORM for writes and everything that is not hot. Connects on demand. The caller closes it. */
export function createOrm({ url, entities, maxConnections, statementTimeoutMs }: OrmOptions): MikroORM {
  const options: Options = {
    clientUrl: url.reveal(),
    entities,
    pool: { min: 0, max: maxConnections },
    driverOptions: {
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: statementTimeoutMs,
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
