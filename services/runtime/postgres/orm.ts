import { MikroORM, type Options } from '@mikro-orm/postgresql';
import type { Pool, PoolClient } from 'pg';
import type { Secret } from '../config/secret.ts';
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
      onPoolCreated: (pool: Pool) => applyLeaseTimeout(pool, LEASE_STATEMENTS * (statementTimeoutMs + 1000)),
    },
    // Values may be contact data: neither logged nor put into messages.
    debug: false,
    discovery: { warnWhenNoEntities: false },
    allowGlobalContext: false,
    forceUtcTimezone: true,
  };
  return new MikroORM(options);
}

// Until whoever lost a connection has heard of it.
const GRACE_MS = 100;

/**
 * Takes connections back that were lent out and never returned. Kysely, beneath MikroORM, does not return a connection
 * whose rollback fails, so each one that breaks inside a transaction would be missing from the pool for ever.
 * @param leaseMs the longest, in ms, that anybody may keep a connection.
 */
export function applyLeaseTimeout(pool: Pool, leaseMs: number): void {
  const leases = new Map<PoolClient, NodeJS.Timeout>();
  const take = (client: PoolClient) => {
    if (leases.has(client)) client.release(true);
  };
  pool.on('acquire', (client) => leases.set(client, setTimeout(take, leaseMs, client).unref()));
  pool.on('release', (_, client) => {
    clearTimeout(leases.get(client as PoolClient));
    leases.delete(client as PoolClient);
  });
  pool.on('connect', (client) => {
    client.once('end', () => setTimeout(take, GRACE_MS, client).unref());
  });
}
