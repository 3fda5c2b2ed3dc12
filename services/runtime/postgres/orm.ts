import { MikroORM, type Options } from '@mikro-orm/postgresql';
import type { Pool, PoolClient } from 'pg';
import type { Secret } from '../config/secret.ts';
import { CONNECT_TIMEOUT_MS } from './pool.ts';
import { requireStatementTimeout } from './statement-timeout.ts';

// Number of statements, each as slow as allowed, that fit into one transaction before its connection is taken
// back.
const LEASE_STATEMENTS = 3;

/** Options of `createOrm`. */
interface OrmOptions {
  readonly url: Secret;
  readonly entities: NonNullable<Options['entities']>;
  /** The most connections at once. */
  readonly maxConnections: number;
  /** The longest time that a statement may run before Postgres ends it. Milliseconds. */
  readonly statementTimeoutMs: number;
  /** Whether the URL leads to a pooler in transaction mode, as in `PoolOptions`. @defaultValue false */
  readonly isPooled?: boolean;
}

/** Creates MikroORM for writes and cold reads. Connects on demand. The caller closes it. */
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
    // Values may be contact data, so they are neither logged nor put into messages.
    debug: false,
    discovery: { warnWhenNoEntities: false },
    allowGlobalContext: false,
    forceUtcTimezone: true,
  };
  return new MikroORM(options);
}

// Time for the holder of a broken connection to notice. Milliseconds.
const GRACE_MS = 100;

/**
 * Takes back connections that were never returned to a pool. Kysely, which MikroORM uses, does not return a
 * connection whose rollback fails, so every connection that breaks inside a transaction would be lost.
 * @param leaseMs the longest time that a connection may be held, in milliseconds
 */
function applyLeaseTimeout(pool: Pool, leaseMs: number): void {
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
