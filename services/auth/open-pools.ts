import type { Logger } from '@rollcall/runtime';
import {
  createPool,
  type PoolOptions,
  type RenewablePool,
  requireReplicaSessions,
  requireSchema,
  requireSessions,
} from '@rollcall/runtime/postgres';
import type { AuthConfig } from './config.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

// A statement that runs longer holds a connection that others wait for. A write may wait for the lock of
// another write.
const READ_TIMEOUT_MS = 3000;
const WRITE_TIMEOUT_MS = 5000;

const SCHEMA = {
  migration: SCHEMA_VERSION,
  variable: 'AUTH_DATABASE_URL',
  migrate: 'npm run migrate',
};

/** The connection pools of one process. Disposing them closes all connections. */
export interface Pools extends AsyncDisposable {
  /** Options of the pool of writes. */
  readonly options: PoolOptions;
  /** For reads alone: they go on while writes wait for one another. */
  readonly reads: RenewablePool;
  readonly writes: RenewablePool;
  /** Opens another pool. `options` win over those of the pool of writes. */
  open(options: Partial<PoolOptions>): RenewablePool;
  /**
   * Opens a pool for each replica.
   * @throws StartupError when sessions of a replica cannot be used
   */
  openReplicas(): Promise<readonly RenewablePool[]>;
  /** Replaces every connection of every pool. */
  renewAll(): void;
}

/**
 * Opens the pools of reads and writes, and checks the database.
 * @throws StartupError when the schema is too old, or sessions cannot be used
 */
export async function openPools(config: AuthConfig, logger: Logger): Promise<Pools> {
  await using stack = new AsyncDisposableStack();
  const options: PoolOptions = {
    url: config.databaseUrl,
    isPooled: config.isPooled,
    maxConnections: config.maxConnections,
    statementTimeoutMs: WRITE_TIMEOUT_MS,
    maxWaitMs: config.maxWaitMs,
    logger,
  };
  const opened: RenewablePool[] = [];
  // Pools that are opened later are closed with the rest.
  const closers = stack.use(new AsyncDisposableStack());
  const open = (others: Partial<PoolOptions>) => {
    const pool = closers.adopt(createPool({ ...options, ...others }), (each) => each.end());
    opened.push(pool);
    return pool;
  };
  const [reads, writes] = [open({ statementTimeoutMs: READ_TIMEOUT_MS }), open({})];
  await requireSchema(reads, SCHEMA);
  await requireSessions(reads, config, 'AUTH');
  stack.move();
  return {
    options,
    reads,
    writes,
    open,
    async openReplicas() {
      const replicas = config.replicaUrls.map((url) => open({ url, statementTimeoutMs: READ_TIMEOUT_MS }));
      await Promise.all(replicas.map((each) => requireReplicaSessions(each, 'AUTH_DATABASE_REPLICA_URLS')));
      return replicas;
    },
    renewAll() {
      for (const each of opened) each.renew();
    },
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}
