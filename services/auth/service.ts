import { AuthService as AuthServiceDefinition } from '@rollcall/contract/auth';
import { MAX_ANSWER_LAG_MS, UserAdminService, UserService } from '@rollcall/contract/user';
import { createLogger, type Logger, type RunningService } from '@rollcall/runtime';
import {
  createDatabaseProbe,
  createPool,
  isDatabaseUnavailable,
  type Pool,
  PoolExhaustedError,
  type PoolOptions,
  type RenewablePool,
  requireReplicaSessions,
  requireSchema,
  requireSessions,
} from '@rollcall/runtime/postgres';
import {
  createLoadGauge,
  implementService,
  type ListeningServers,
  startServers,
  withShedding,
} from '@rollcall/runtime/rpc';
import { createKeyring } from '@rollcall/runtime/sealing';
import { openCallers } from './callers/open-callers.ts';
import type { AuthConfig } from './config.ts';
import { watchErasures } from './erasures/erasure-watch.ts';
import { type ChangeFeed, createChangeFeed } from './feed/change-feed.ts';
import { createFeedHold } from './feed/feed-hold.ts';
import { type KeyRotation, startKeyRotation } from './keys/key-rotation.ts';
import { createPostgresChangeLog } from './postgres/feed/postgres-change-log.ts';
import { followReplica } from './postgres/feed/replica.ts';
import { createPostgresDuplicates } from './postgres/merges/postgres-duplicates.ts';
import { createPostgresUserMerges } from './postgres/merges/postgres-user-merges.ts';
import { type ContactSeal, createContactSeal, requireContactKeys } from './postgres/rows/contact-seal.ts';
import { createPostgresRotation } from './postgres/sealing/postgres-rotation.ts';
import { sealedTables } from './postgres/sealing/sealed-tables.ts';
import { createPostgresErasures } from './postgres/users/postgres-erasures.ts';
import { createPostgresUserReads } from './postgres/users/postgres-user-reads.ts';
import {
  createActivityTimeline,
  createMergeTimeline,
  createNoteTimeline,
  createPostgresRecordReads,
  createSignInTimeline,
} from './postgres/users/postgres-user-records.ts';
import { createPostgresUserSearch } from './postgres/users/postgres-user-search.ts';
import { createPostgresUserWrites } from './postgres/users/postgres-user-writes.ts';
import { authServiceImplementation } from './rpc/auth-service.ts';
import { callClass } from './rpc/call-class.ts';
import { toRpcError } from './rpc/status-by-reason.ts';
import { userAdminServiceImplementation } from './rpc/user-admin-service.ts';
import { userServiceImplementation } from './rpc/user-service.ts';
import { SCHEMA_VERSION } from './schema-version.ts';
import { startSignIn } from './sign-in/start-sign-in.ts';
import { toJwks } from './sign-in/tokens/signing-keys.ts';
import type { UserReads } from './users/reading/user-reads.ts';
import { withReplicas } from './users/reading/with-replicas.ts';
import { withRequestCoalescing } from './users/reading/with-request-coalescing.ts';
import { type CachedUserReads, withUserCache } from './users/reading/with-user-cache.ts';

// A statement that runs longer holds a connection that others wait for. A write may wait for another one's lock.
const READ_TIMEOUT_MS = 3000;
const WRITE_TIMEOUT_MS = 5000;

const FEED_CONNECTIONS = 3;

// One writes the audit log, one looks at the grants.
const CALLER_CONNECTIONS = 2;

const SCHEMA = {
  migration: SCHEMA_VERSION,
  variable: 'AUTH_DATABASE_URL',
  migrate: 'npm run migrate',
};

/** A running auth service. Disposing it drains the doors, then closes the database. */
export interface AuthService extends RunningService {
  readonly servers: ListeningServers;
}

/**
 * Builds the auth service bottom-up and opens its doors: the composition root.
 * @throws StartupError where the database or a port is not to be had.
 */
export async function createAuthService(config: AuthConfig): Promise<AuthService> {
  await using stack = new AsyncDisposableStack();
  const logger = createLogger({ service: 'auth', level: config.logLevel });
  const database = {
    url: config.databaseUrl,
    isPooled: config.isPooled,
    maxConnections: config.maxConnections,
    statementTimeoutMs: WRITE_TIMEOUT_MS,
    maxWaitMs: config.maxWaitMs,
    logger,
  };
  const pools: RenewablePool[] = [];
  const openPool = (options: PoolOptions) => {
    const opened = stack.adopt(createPool(options), (each) => each.end());
    pools.push(opened);
    return opened;
  };
  const pool = openPool({ ...database, statementTimeoutMs: READ_TIMEOUT_MS });
  // Of its own: reads may work while writes wait for one another.
  const writePool = openPool(database);
  await requireSchema(pool, SCHEMA);
  await requireSessions(pool, config, 'AUTH');
  const seal = createContactSeal(createKeyring(config));
  await requireContactKeys(pool, seal);
  // Connections of its own: news must not wait behind reads, nor reads behind those who catch up.
  const feedPool = openPool({ ...database, maxConnections: FEED_CONNECTIONS });
  const changeLog = createPostgresChangeLog(feedPool);
  const onFeedError = (error: unknown) => logger.warn({ error }, 'the change feed cannot be read');
  const hold = createFeedHold(changeLog, {
    onHeld: (holder) => logger.warn(holder, 'an open transaction holds the change feed back'),
    onFree: (held) => logger.info(held, 'the change feed is held back no longer'),
    onError: onFeedError,
  });
  const feed = stack.use(
    createChangeFeed(changeLog, { onError: onFeedError, hold, maxReads: FEED_CONNECTIONS - 1 }),
  );
  const replicaPools = config.replicaUrls.map((url) =>
    openPool({ ...database, url, statementTimeoutMs: READ_TIMEOUT_MS }),
  );
  const replicaVariable = 'AUTH_DATABASE_REPLICA_URLS';
  await Promise.all(replicaPools.map((each) => requireReplicaSessions(each, replicaVariable)));
  const replicas = replicaPools.map((replicaPool, i) =>
    stack.use(
      followReplica({
        reads: createPostgresUserReads(replicaPool, seal),
        pool: replicaPool,
        primary: feedPool,
        feed: () => feed.id,
        onChange: (isAnswering, error) =>
          logger[isAnswering ? 'info' : 'warn'](
            { replica: i + 1, isAnswering, error },
            'a replica was followed',
          ),
      }),
    ),
  );
  let feedAttachedSinceMs = Number.POSITIVE_INFINITY;
  const replicated = withReplicas(createPostgresUserReads(pool, seal), {
    replicas,
    maxLagMs: MAX_ANSWER_LAG_MS,
    feedAttachedSinceMs: () => feedAttachedSinceMs,
    isUnavailable: (error) => isDatabaseUnavailable(error) || error instanceof PoolExhaustedError,
  });
  const reads = cached(withRequestCoalescing(replicated), config.maxCachedUsers, feed);
  const invalidate = (changes: readonly { tenantId: string; id: string }[]) => {
    // First, so that nobody reads from a replica what was just forgotten.
    if (replicas.length > 0) replicated.markChanged(changes);
    for (const { tenantId, id } of changes) reads.invalidate(tenantId, id);
  };
  const onReplaced = (id: string, before: string) => {
    logger.warn({ feed: id, before }, 'the database went back or is another one: all is read anew');
    // First, so that what is read from now on comes from where the addresses lead now.
    for (const each of pools) each.renew();
    for (const replica of replicas) replica.fail();
    feedAttachedSinceMs = performance.now();
    reads.invalidateAll();
  };
  await feed.attach({ onChanged: invalidate, onReplaced });
  feedAttachedSinceMs = performance.now();
  const onCommitted = (changes: readonly { tenantId: string; id: string }[]) => {
    invalidate(changes);
    feed.wake();
  };
  const writes = createPostgresUserWrites({ pool: writePool, seal }, onCommitted);
  const people = stack.use(
    await startSignIn({ config, pool: writePool, contactSeal: seal, reads, onCommitted, logger }),
  );
  const erasures = createPostgresErasures(writePool);
  const erasureWatch = stack.use(
    watchErasures(erasures, {
      consumers: config.erasureConsumers,
      reportHours: config.erasureReportHours,
      logger,
    }),
  );
  const adminDependencies = {
    reads,
    search: createPostgresUserSearch(pool, seal),
    writes,
    records: createPostgresRecordReads(pool),
    merges: createPostgresUserMerges({ pool: writePool, seal }, onCommitted),
    duplicates: createPostgresDuplicates(pool),
    erasures,
    erasureConsumers: config.erasureConsumers,
    logger,
    timeline: [
      createActivityTimeline(pool),
      createNoteTimeline(pool),
      createSignInTimeline(pool),
      createMergeTimeline(pool),
    ],
  };
  const rotation = seal.keyring.isRotating ? stack.use(startRotation(writePool, seal, logger)) : undefined;
  const callersPool = openPool({ ...database, maxConnections: CALLER_CONNECTIONS });
  const callers = stack.use(await openCallers({ config, pool: callersPool, logger }));
  const gauge = stack.use(createLoadGauge({ maxCalls: config.maxCalls, logger }));
  const probe = stack.use(createDatabaseProbe({ ...database, logger }));
  const doors = stack.use(
    await startServers({
      name: 'auth',
      host: config.host,
      grpc: { port: config.grpcPort, variable: 'AUTH_GRPC_PORT' },
      http: { port: config.httpPort, variable: 'AUTH_HTTP_PORT' },
      logger,
      callers,
      toRpcError,
      readMetrics: () => [
        ...(rotation?.readMetrics() ?? []),
        ...people.readMetrics(),
        ...callers.readMetrics(),
        ...hold.readings(),
        ...erasureWatch.readMetrics(),
      ],
      getRoutes: {
        '/.well-known/jwks.json': async () => ({
          status: 200,
          type: 'application/json',
          body: `${JSON.stringify(toJwks(people.keys.publishedKeys()))}\n`,
        }),
      },
      shedding: withShedding({ gauge, classOf: callClass }),
      maxConnectionAgeMs: config.maxConnectionAgeMs,
      // By a connection of its own: calls that have all others say nothing about the database.
      isReady: probe.isAnswering,
      routes: (chain) => [
        ...implementService(UserService, userServiceImplementation(reads, feed), chain),
        ...implementService(UserAdminService, userAdminServiceImplementation(adminDependencies), chain),
        ...implementService(
          AuthServiceDefinition,
          authServiceImplementation(people.context, people.keys),
          chain,
        ),
      ],
    }),
  );
  // Watches have no end of their own, so the doors would wait for them.
  stack.defer(feed.drain);
  const closers = stack.move();
  return { logger, servers: doors, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

function cached(reads: UserReads, maxEntries: number, { isFeedCurrent }: ChangeFeed): CachedUserReads {
  return maxEntries > 0
    ? withUserCache(reads, { maxEntries, isFeedCurrent })
    : { ...reads, invalidate: () => {}, invalidateAll: () => {} };
}

function startRotation(pool: Pool, seal: ContactSeal, logger: Logger): KeyRotation {
  const tables = sealedTables(seal);
  const target = seal.keyring;
  return startKeyRotation({
    stores: tables.map((table) => createPostgresRotation(pool, table, target)),
    target,
    logger,
  });
}
