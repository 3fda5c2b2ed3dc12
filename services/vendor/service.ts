import { ActivityService, VendorService as VendorServiceDescriptor } from '@rollcall/contract/vendor';
import { createLogger, type RunningService } from '@rollcall/runtime';
import { startOutbox } from '@rollcall/runtime/outbox';
import {
  createDatabaseProbe,
  createPool,
  requireDirectUrl,
  requireSchema,
  requireSessions,
} from '@rollcall/runtime/postgres';
import {
  createOutgoingCalls,
  implementService,
  type ListeningServers,
  startServers,
} from '@rollcall/runtime/rpc';
import {
  connectUserAccess,
  createUserAliases,
  followErasures,
  followMerges,
  inheritDeadline,
  inheritSeenVersions,
  userTasks,
} from '@rollcall/user-access';
import type { VendorConfig } from './config.ts';
import { createPostgresActivityReads, createPostgresActivityWrites } from './postgres/activity-store.ts';
import { ERASED_ROWS, USER_COLUMNS } from './postgres/user-rows.ts';
import { createPostgresVendorReads, createPostgresVendorWrites } from './postgres/vendor-store.ts';
import { activityServiceImplementation } from './rpc/activity-service.ts';
import { toRpcError } from './rpc/status-by-reason.ts';
import { vendorServiceImplementation } from './rpc/vendor-service.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

// A longer statement holds a connection that other calls wait for. Milliseconds.
const STATEMENT_TIMEOUT_MS = 5000;

/** The newest migration that this code needs. */
const SCHEMA = {
  migration: SCHEMA_VERSION,
  variable: 'VENDOR_DATABASE_URL',
  migrate: 'npm run migrate',
};

// Vendors have no statistics of their own: booking reports the ratings.
const NO_STATISTICS = async () => ({});

/**
 * A running vendor service. Disposing it drains the servers and the outbox, then closes the clients and the
 * database.
 */
export interface VendorService extends RunningService {
  readonly servers: ListeningServers;
}

/**
 * Builds the vendor service bottom-up and starts its servers: the composition root. The user service may be
 * down.
 * @param clock monotonic clock of the user cache. Milliseconds.
 * @throws StartupError when the database or a port is unavailable, AUTH_ADDRESS is invalid, or
 * VENDOR_USERS_SNAPSHOT_PATH cannot be written.
 */
export async function createVendorService(
  config: VendorConfig,
  clock: () => number = () => performance.now(),
): Promise<VendorService> {
  await using stack = new AsyncDisposableStack();
  const logger = createLogger({ service: 'vendor', level: config.logLevel });
  const outgoing = createOutgoingCalls({ service: 'vendor', logger });
  const { databaseUrl: url, isPooled, maxConnections } = config;
  const pool = stack.adopt(
    createPool({ url, isPooled, maxConnections, statementTimeoutMs: STATEMENT_TIMEOUT_MS, logger }),
    (each) => each.end(),
  );
  await requireSchema(pool, SCHEMA);
  await requireSessions(pool, config, 'VENDOR');
  const outboxUrl = await requireDirectUrl(config, { prefix: 'VENDOR', what: 'the outbox' });
  const access = stack.use(await connectUserAccess(config, { prefix: 'VENDOR', logger, clock, outgoing }));
  const outbox = stack.use(
    await startOutbox({
      url: outboxUrl,
      logger,
      tasks: userTasks({ admin: access.admin, pool, source: 'vendor', readStatistics: NO_STATISTICS }),
    }),
  );
  const followed = { pool, columns: USER_COLUMNS, logger };
  const erasures = stack.use(
    followErasures({ ...followed, admin: access.admin, consumer: 'vendor', rows: ERASED_ROWS }),
  );
  const merges = stack.use(followMerges({ ...followed, users: access.uncached, onErased: erasures.wake }));
  const vendors = {
    reads: createPostgresVendorReads(pool),
    writes: createPostgresVendorWrites(pool),
    users: access.users,
    aliases: createUserAliases(pool),
  };
  const activities = {
    reads: createPostgresActivityReads(pool),
    writes: createPostgresActivityWrites(pool),
    users: access.users,
  };
  const probe = stack.use(
    createDatabaseProbe({ url, isPooled, statementTimeoutMs: STATEMENT_TIMEOUT_MS, logger }),
  );
  const servers = stack.use(
    await startServers({
      name: 'vendor',
      host: config.host,
      grpc: { port: config.grpcPort, variable: 'VENDOR_GRPC_PORT' },
      http: { port: config.httpPort, variable: 'VENDOR_HTTP_PORT' },
      logger,
      toRpcError,
      outgoing,
      // Its own database only, because vendors are shown without the user service too.
      isReady: probe.isAnswering,
      readMetrics: () => [
        ...access.readings(),
        ...outbox.readings(),
        ...merges.readings(),
        ...erasures.readings(),
      ],
      routes: (chain) => {
        const own = [...chain, inheritDeadline, inheritSeenVersions];
        return [
          ...implementService(VendorServiceDescriptor, vendorServiceImplementation(vendors), own),
          ...implementService(ActivityService, activityServiceImplementation(activities), own),
        ];
      },
    }),
  );
  const closers = stack.move();
  return { logger, servers, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}
