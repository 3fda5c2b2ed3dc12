import { AuthService as AuthServiceDefinition } from '@rollcall/contract/auth';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { createLogger, type Logger, type RunningService } from '@rollcall/runtime';
import { createDatabaseProbe, type Pool } from '@rollcall/runtime/postgres';
import {
  createLoadGauge,
  implementService,
  type ListeningServers,
  type MetricReading,
  type ServersOptions,
  startServers,
  withShedding,
} from '@rollcall/runtime/rpc';
import { createKeyring } from '@rollcall/runtime/sealing';
import { type Callers, openCallers } from './callers/open-callers.ts';
import type { AuthConfig } from './config.ts';
import { watchErasures } from './erasures/erasure-watch.ts';
import type { Erasures } from './erasures/erasures.ts';
import { createChangeFeed } from './feed/change-feed.ts';
import { createFeedHold } from './feed/feed-hold.ts';
import { type KeyRotation, startKeyRotation } from './keys/key-rotation.ts';
import { openPools, type Pools } from './open-pools.ts';
import { type OpenUserReads, openUserReads } from './open-user-reads.ts';
import { createPostgresChangeLog } from './postgres/feed/postgres-change-log.ts';
import { createPostgresDuplicates } from './postgres/merges/postgres-duplicates.ts';
import { createPostgresUserMerges } from './postgres/merges/postgres-user-merges.ts';
import { type ContactSeal, createContactSeal, requireContactKeys } from './postgres/rows/contact-seal.ts';
import { createPostgresRotation } from './postgres/sealing/postgres-rotation.ts';
import { sealedTables } from './postgres/sealing/sealed-tables.ts';
import { createPostgresErasures } from './postgres/users/erasures.ts';
import {
  createActivityTimeline,
  createMergeTimeline,
  createNoteTimeline,
  createPostgresRecordReads,
  createSignInTimeline,
} from './postgres/users/postgres-user-records.ts';
import { createPostgresUserSearch } from './postgres/users/postgres-user-search.ts';
import { createPostgresUserWrites } from './postgres/users/postgres-user-writes.ts';
import type { AdminDependencies } from './rpc/admin-calls.ts';
import { authServiceImplementation } from './rpc/auth-service.ts';
import { callClass } from './rpc/call-class.ts';
import { toRpcError } from './rpc/status-by-reason.ts';
import { userAdminServiceImplementation } from './rpc/user-admin-service.ts';
import { userServiceImplementation } from './rpc/user-service.ts';
import { startSignIn } from './sign-in/start-sign-in.ts';
import { toJwks } from './sign-in/tokens/signing-keys.ts';
import type { UserReads } from './users/reading/user-reads.ts';

const FEED_CONNECTIONS = 3;

// One writes the audit log, one looks at the grants.
const CALLER_CONNECTIONS = 2;

/** A running auth service. Disposing it drains the servers, then closes the database. */
export interface AuthService extends RunningService {
  readonly servers: ListeningServers;
}

/** The parts that every other part is built with. */
interface Base {
  readonly config: AuthConfig;
  readonly logger: Logger;
  /** Closes the parts, the last one first. */
  readonly stack: AsyncDisposableStack;
  readonly pools: Pools;
}

/**
 * Builds the auth service bottom-up and starts its servers: the composition root.
 * @throws StartupError when the database or a port cannot be used
 */
export async function createAuthService(config: AuthConfig): Promise<AuthService> {
  await using stack = new AsyncDisposableStack();
  const logger = createLogger({ service: 'auth', level: config.logLevel });
  const pools = stack.use(await openPools(config, logger));
  const base: Base = { config, logger, stack, pools };
  const seal = createContactSeal(createKeyring(config));
  await requireContactKeys(pools.reads, seal);
  const { feed, hold, feedPool } = openFeed(base);
  const { reads, onCommitted } = stack.use(
    await openUserReads({
      maxCachedUsers: config.maxCachedUsers,
      pool: pools.reads,
      replicaPools: await pools.openReplicas(),
      feedPool,
      seal,
      feed,
      renewPools: pools.renewAll,
      logger,
    }),
  );
  const signIn = stack.use(
    await startSignIn({ config, pool: pools.writes, contactSeal: seal, reads, onCommitted, logger }),
  );
  const erasures = createPostgresErasures(pools.writes);
  const erasureWatch = stack.use(
    watchErasures(erasures, {
      consumers: config.erasureConsumers,
      reportHours: config.erasureReportHours,
      logger,
    }),
  );
  const admin = adminDependencies(base, { seal, reads, erasures, onCommitted });
  const rotation = seal.keyring.isRotating ? stack.use(startRotation(pools.writes, seal, logger)) : undefined;
  const callersPool = pools.open({ maxConnections: CALLER_CONNECTIONS });
  const callers = stack.use(await openCallers({ config, pool: callersPool, logger }));
  const servers = stack.use(
    await startAuthServers(base, {
      callers,
      readMetrics: () => [
        ...(rotation?.readMetrics() ?? []),
        ...signIn.readMetrics(),
        ...callers.readMetrics(),
        ...hold.readings(),
        ...erasureWatch.readMetrics(),
      ],
      readJwks: () => toJwks(signIn.keys.publishedKeys()),
      routes: (chain) => [
        ...implementService(UserService, userServiceImplementation(reads, feed), chain),
        ...implementService(UserAdminService, userAdminServiceImplementation(admin), chain),
        ...implementService(
          AuthServiceDefinition,
          authServiceImplementation(signIn.context, signIn.keys),
          chain,
        ),
      ],
    }),
  );
  // Watches have no end of their own: without this the servers would wait for them.
  stack.defer(feed.drain);
  const closers = stack.move();
  return { logger, servers, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

/**
 * Opens the change feed with connections of its own: changes do not wait behind reads, nor reads behind
 * watchers that catch up.
 */
function openFeed({ logger, stack, pools }: Base) {
  const feedPool = pools.open({ maxConnections: FEED_CONNECTIONS });
  const changeLog = createPostgresChangeLog(feedPool);
  const onError = (error: unknown) => logger.warn({ error }, 'the change feed cannot be read');
  const hold = createFeedHold(changeLog, {
    onHeld: (holder) => logger.warn(holder, 'an open transaction holds the change feed back'),
    onFree: (held) => logger.info(held, 'the change feed is held back no longer'),
    onError,
  });
  const feed = stack.use(createChangeFeed(changeLog, { onError, hold, maxReads: FEED_CONNECTIONS - 1 }));
  return { feed, hold, feedPool };
}

interface Domain {
  readonly seal: ContactSeal;
  readonly reads: UserReads;
  readonly erasures: Erasures;
  readonly onCommitted: OpenUserReads['onCommitted'];
}

function adminDependencies(
  { config, logger, pools }: Base,
  { seal, reads, erasures, onCommitted }: Domain,
): AdminDependencies {
  const writing = { pool: pools.writes, seal };
  return {
    reads,
    search: createPostgresUserSearch(pools.reads, seal),
    writes: createPostgresUserWrites(writing, onCommitted),
    records: createPostgresRecordReads(pools.reads),
    merges: createPostgresUserMerges(writing, onCommitted),
    duplicates: createPostgresDuplicates(pools.reads),
    erasures,
    erasureConsumers: config.erasureConsumers,
    logger,
    timeline: [
      createActivityTimeline(pools.reads),
      createNoteTimeline(pools.reads),
      createSignInTimeline(pools.reads),
      createMergeTimeline(pools.reads),
    ],
  };
}

function startRotation(pool: Pool, seal: ContactSeal, logger: Logger): KeyRotation {
  const target = seal.keyring;
  return startKeyRotation({
    stores: sealedTables(seal).map((table) => createPostgresRotation(pool, table, target)),
    target,
    logger,
  });
}

interface Served {
  readonly callers: Callers;
  readonly readMetrics: () => readonly MetricReading[];
  readonly readJwks: () => object;
  readonly routes: ServersOptions['routes'];
}

function startAuthServers(
  { config, logger, stack, pools }: Base,
  { callers, readMetrics, readJwks, routes }: Served,
): Promise<ListeningServers> {
  const gauge = stack.use(createLoadGauge({ maxCalls: config.maxCalls, logger }));
  // A connection of its own: calls that hold all others say nothing about the database.
  const probe = stack.use(createDatabaseProbe(pools.options));
  return startServers({
    name: 'auth',
    host: config.host,
    grpc: { port: config.grpcPort, variable: 'AUTH_GRPC_PORT' },
    http: { port: config.httpPort, variable: 'AUTH_HTTP_PORT' },
    logger,
    callers,
    toRpcError,
    readMetrics,
    getRoutes: {
      '/.well-known/jwks.json': async () => ({
        status: 200,
        type: 'application/json',
        body: `${JSON.stringify(readJwks())}\n`,
      }),
    },
    shedding: withShedding({ gauge, classOf: callClass }),
    maxConnectionAgeMs: config.maxConnectionAgeMs,
    isReady: probe.isAnswering,
    routes,
  });
}
