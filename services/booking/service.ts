import { createLogger, type RunningService } from '@rollcall/runtime';
import { createOrm, createPool, requireSchema } from '@rollcall/runtime/postgres';
import { type OpenDoors, openDoors } from '@rollcall/runtime/rpc';
import { connectUserAccess, inheritDeadline, inheritSeenVersions } from '@rollcall/user-access';
import type { BookingConfig } from './config.ts';
import { ENTITIES } from './postgres/pet-entities.ts';
import { createPostgresBookingReads } from './postgres/postgres-booking-reads.ts';
import { createPostgresBookingWrites } from './postgres/postgres-booking-writes.ts';
import { createBookingPets, createPostgresPets } from './postgres/postgres-pets.ts';
import { createPostgresReviewReads } from './postgres/postgres-review-reads.ts';
import { createPostgresReviewWrites } from './postgres/postgres-review-writes.ts';
import { bookingRoutes } from './rpc/routes.ts';
import { toRpcError } from './rpc/status-by-reason.ts';
import { createRemoteUserFinder } from './users/remote-user-finder.ts';

// A statement that runs longer than this holds a connection that others wait for.
const STATEMENT_TIMEOUT_MS = 5000;

/** The newest migration that this code was written against. */
const SCHEMA = {
  migration: '2026-11-20-pets-and-reviews',
  variable: 'BOOKING_DATABASE_URL',
  migrate: 'npm run migrate',
};

/** A running booking service. Disposing it drains the doors, then closes the user client and the database. */
export interface BookingService extends RunningService {
  readonly doors: OpenDoors;
}

/**
 * Builds the booking service bottom-up and opens its doors: the composition root. The user service need not be there.
 * @param clock monotonic, in ms, by which what is known of users grows old.
 * @throws StartupError where the database or a port is not to be had, AUTH_ADDRESS is not an address, or BOOKING_USERS_SNAPSHOT_PATH cannot be written.
 */
export async function createBookingService(
  config: BookingConfig,
  clock: () => number = () => performance.now(),
): Promise<BookingService> {
  await using stack = new AsyncDisposableStack();
  const logger = createLogger({ service: 'booking', level: config.logLevel });
  const database = {
    url: config.databaseUrl,
    maxConnections: config.maxConnections,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  };
  const pool = stack.adopt(createPool({ ...database, logger }), (each) => each.end());
  const orm = stack.adopt(createOrm({ ...database, entities: ENTITIES }), (each) => each.close(true));
  await requireSchema(pool, SCHEMA);
  const access = stack.use(await connectUserAccess(config, { prefix: 'BOOKING', logger, clock }));
  const aliases = { allIdsOf: async (_tenantId: string, ids: readonly string[]) => ids };
  const common = { users: access.users, aliases };
  const ports = {
    bookings: {
      ...common,
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
  const doors = stack.use(
    await openDoors({
      name: 'booking',
      host: config.host,
      grpc: { port: config.grpcPort, variable: 'BOOKING_GRPC_PORT' },
      http: { port: config.httpPort, variable: 'BOOKING_HTTP_PORT' },
      logger,
      toRpcError,
      // Its own database only: without the user service bookings are still shown.
      isReady: () =>
        Promise.all([pool.query('select 1'), orm.em.fork().execute('select 1')]).then(
          () => true,
          () => false,
        ),
      readMetrics: () => access.readings(),
      routes: (chain) => bookingRoutes(ports, [...chain, inheritDeadline, inheritSeenVersions]),
    }),
  );
  const closers = stack.move();
  return { logger, doors, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}
