import type { MikroORM } from '@mikro-orm/postgresql';
import {
  BookingService as BookingServiceDescriptor,
  PetService as PetServiceDescriptor,
  ReviewService as ReviewServiceDescriptor,
} from '@rollcall/contract/booking';
import { createLogger, type Logger, type RunningService } from '@rollcall/runtime';
import { startOutbox } from '@rollcall/runtime/outbox';
import {
  createDatabaseProbe,
  createOrm,
  createPool,
  type Pool,
  requireDirectUrl,
  requireSchema,
  requireSessions,
} from '@rollcall/runtime/postgres';
import {
  createOutgoingCalls,
  type Interceptor,
  implementService,
  type ListeningServers,
  type Route,
  startServers,
} from '@rollcall/runtime/rpc';
import {
  connectUserAccess,
  createUserAliases,
  followErasures,
  followMerges,
  inheritDeadline,
  inheritSeenVersions,
  type UserAccess,
  userTasks,
} from '@rollcall/user-access';
import type { BookingConfig } from './config.ts';
import { createRecordedPayments, type RecordedPayments } from './payments/record-payment.ts';
import { createPostgresBookingReads, createPostgresBookingWrites } from './postgres/booking-store.ts';
import { createBookingPets, createPostgresPets, ENTITIES } from './postgres/pet-store.ts';
import { createPostgresReviewReads, createPostgresReviewWrites } from './postgres/review-store.ts';
import { ERASED_ROWS, readUserStatistics, USER_COLUMNS } from './postgres/user-rows.ts';
import { createRemoteUserFinder } from './remote-user-finder.ts';
import { bookingServiceImplementation } from './rpc/booking-service.ts';
import { petServiceImplementation } from './rpc/pet-service.ts';
import { reviewServiceImplementation } from './rpc/review-service.ts';
import { toRpcError } from './rpc/status-by-reason.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

// A longer statement holds a connection that other calls wait for. Milliseconds.
const STATEMENT_TIMEOUT_MS = 5000;

/** The newest migration that this code needs. */
const SCHEMA = {
  migration: SCHEMA_VERSION,
  variable: 'BOOKING_DATABASE_URL',
  migrate: 'npm run migrate',
};

/**
 * A running booking service. Disposing it drains the servers and the outbox, then closes the clients and the
 * database.
 */
export interface BookingService extends RunningService {
  readonly servers: ListeningServers;
}

/**
 * Builds the booking service bottom-up and starts its servers: the composition root. The user service may be
 * down.
 * @param clock monotonic clock of the user cache. Milliseconds.
 * @throws StartupError when the database or a port is unavailable, AUTH_ADDRESS is invalid, or
 * BOOKING_USERS_SNAPSHOT_PATH cannot be written.
 */
export async function createBookingService(
  config: BookingConfig,
  clock: () => number = () => performance.now(),
): Promise<BookingService> {
  await using stack = new AsyncDisposableStack();
  const logger = createLogger({ service: 'booking', level: config.logLevel });
  const outgoing = createOutgoingCalls({ service: 'booking', logger });
  const database = {
    url: config.databaseUrl,
    isPooled: config.isPooled,
    maxConnections: config.maxConnections,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  };
  const pool = stack.adopt(createPool({ ...database, logger }), (each) => each.end());
  const orm = stack.adopt(createOrm({ ...database, entities: ENTITIES }), (each) => each.close(true));
  await requireSchema(pool, SCHEMA);
  await requireSessions(pool, config, 'BOOKING');
  const outboxUrl = await requireDirectUrl(config, { prefix: 'BOOKING', what: 'the outbox' });
  const access = stack.use(await connectUserAccess(config, { prefix: 'BOOKING', logger, clock, outgoing }));
  const outbox = stack.use(await startOutbox({ url: outboxUrl, logger, tasks: tasksOf(access, pool) }));
  const followed = { pool, columns: USER_COLUMNS, logger };
  const erasures = stack.use(
    followErasures({ ...followed, admin: access.admin, consumer: 'booking', rows: ERASED_ROWS }),
  );
  const merges = stack.use(followMerges({ ...followed, users: access.uncached, onErased: erasures.wake }));
  const recorded = createRecordedPayments(logger);
  const ports = createPorts({ pool, orm, access, recorded, logger });
  const probe = stack.use(createDatabaseProbe({ ...database, logger }));
  const servers = stack.use(
    await startServers({
      name: 'booking',
      host: config.host,
      grpc: { port: config.grpcPort, variable: 'BOOKING_GRPC_PORT' },
      http: { port: config.httpPort, variable: 'BOOKING_HTTP_PORT' },
      logger,
      toRpcError,
      outgoing,
      // Its own database only, because bookings are shown without the user service too.
      isReady: probe.isAnswering,
      readMetrics: () => [access, outbox, merges, erasures, recorded].flatMap((each) => each.readings()),
      routes: (chain) => bookingRoutes(ports, [...chain, inheritDeadline, inheritSeenVersions]),
    }),
  );
  const closers = stack.move();
  return { logger, servers, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

interface PortParts {
  readonly pool: Pool;
  readonly orm: MikroORM;
  readonly access: UserAccess;
  readonly recorded: RecordedPayments;
  readonly logger: Logger;
}

function createPorts({ pool, orm, access, recorded, logger }: PortParts) {
  const aliases = createUserAliases(pool);
  const common = { users: access.users, aliases };
  return {
    bookings: {
      ...common,
      recorded,
      reads: createPostgresBookingReads(pool),
      writes: createPostgresBookingWrites(pool),
      pets: createBookingPets(orm, aliases),
      finder: createRemoteUserFinder(access.admin, logger),
    },
    pets: { ...common, pets: createPostgresPets(orm) },
    reviews: {
      ...common,
      reads: createPostgresReviewReads(pool),
      writes: createPostgresReviewWrites(pool),
    },
  };
}

type Ports = ReturnType<typeof createPorts>;

function tasksOf({ admin }: UserAccess, pool: Pool) {
  const readStatistics = (tenantId: string, userId: string) => readUserStatistics(pool, tenantId, userId);
  return userTasks({ admin, pool, source: 'booking', readStatistics });
}

function bookingRoutes(ports: Ports, chain: readonly Interceptor[]): Route[] {
  return [
    ...implementService(BookingServiceDescriptor, bookingServiceImplementation(ports.bookings), chain),
    ...implementService(PetServiceDescriptor, petServiceImplementation(ports.pets), chain),
    ...implementService(ReviewServiceDescriptor, reviewServiceImplementation(ports.reviews), chain),
  ];
}
