import { createLogger, type RunningService } from '@rollcall/runtime';
import { createPool, requireSchema } from '@rollcall/runtime/postgres';
import { type OpenDoors, openDoors } from '@rollcall/runtime/rpc';
import type { BillingConfig } from './config.ts';
import { toRpcError } from './rpc/status-by-reason.ts';

// A statement that runs longer than this holds a connection that others wait for.
const STATEMENT_TIMEOUT_MS = 5000;

/** The newest migration that this code was written against. */
const SCHEMA = {
  migration: '2026-11-20-billing',
  variable: 'BILLING_DATABASE_URL',
  migrate: 'npm run migrate',
};

/** A running billing service. Disposing it drains the doors, then closes what it asks and the database. */
export interface BillingService extends RunningService {
  readonly doors: OpenDoors;
}

/**
 * Builds the billing service bottom-up and opens its doors: the composition root. Neither the user service, nor the booking
 * service, nor Stripe need be there.
 * @throws StartupError where the database or a port is not to be had.
 */
export async function createBillingService(config: BillingConfig): Promise<BillingService> {
  await using stack = new AsyncDisposableStack();
  const logger = createLogger({ service: 'billing', level: config.logLevel });
  const database = {
    url: config.databaseUrl,
    maxConnections: config.maxConnections,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  };
  const pool = stack.adopt(createPool({ ...database, logger }), (each) => each.end());
  await requireSchema(pool, SCHEMA);
  // ./stripe/ makes the gateway here; ./webhooks/ opens here, with what it adds to the HTTP door and to the outbox.
  const doors = stack.use(
    await openDoors({
      name: 'billing',
      host: config.host,
      grpc: { port: config.grpcPort, variable: 'BILLING_GRPC_PORT' },
      http: { port: config.httpPort, variable: 'BILLING_HTTP_PORT' },
      logger,
      toRpcError,
      // Its own database only: without the others what is here is still shown.
      isReady: () =>
        pool.query('select 1').then(
          () => true,
          () => false,
        ),
      routes: () => [],
    }),
  );
  const closers = stack.move();
  return { logger, doors, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}
