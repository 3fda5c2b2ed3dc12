import { CustomerService, InvoiceService, PaymentService, PlanService } from '@rollcall/contract/billing';
import { createLogger, type Logger, type RunningService } from '@rollcall/runtime';
import { startOutbox } from '@rollcall/runtime/outbox';
import {
  createDatabaseProbe,
  createOrm,
  createPool,
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
} from '@rollcall/user-access';
import { type BillingConfig, isLiveKey, ledgerScopeOf } from './config.ts';
import { createRemoteFreshUsers } from './fresh-users.ts';
import type { LedgerScope } from './ledger/origin.ts';
import { enqueuePaymentJobs } from './outbox/payment-jobs.ts';
import { billingTasks, connectBookings } from './outbox/tasks.ts';
import { createPostgresCustomerStore } from './postgres/customer-store.ts';
import { erasedRows } from './postgres/erased-rows.ts';
import { createPostgresInvoiceStore } from './postgres/invoice-store.ts';
import { createPostgresPaymentReads, createPostgresPaymentRequests } from './postgres/payment-store.ts';
import { createPostgresPaymentSums } from './postgres/payment-sums.ts';
import { ENTITIES } from './postgres/plan-entities.ts';
import { createPostgresPlanStore } from './postgres/plan-store.ts';
import { customerServiceImplementation } from './rpc/customer-service.ts';
import { invoiceServiceImplementation } from './rpc/invoice-service.ts';
import { type PaymentServicePorts, paymentServiceImplementation } from './rpc/payment-service.ts';
import { planServiceImplementation } from './rpc/plan-service.ts';
import { toRpcError } from './rpc/status-by-reason.ts';
import { SCHEMA_VERSION } from './schema-version.ts';
import { createStripeGateway } from './stripe/create-stripe-gateway.ts';
import { createLedgerSnapshots } from './webhooks/apply/ledger-snapshots.ts';
import { openWebhooks } from './webhooks/open-webhooks.ts';

// The maximum duration of a statement, in ms: a longer one would block a connection.
const STATEMENT_TIMEOUT_MS = 5000;

const SCHEMA = {
  migration: SCHEMA_VERSION,
  variable: 'BILLING_DATABASE_URL',
  migrate: 'npm run migrate',
};

/** A running billing service. Disposing it drains the servers, then closes the clients and the database. */
export interface BillingService extends RunningService {
  readonly servers: ListeningServers;
}

/**
 * Builds the billing service bottom-up and starts its servers: the composition root. The user service, the
 * booking service and Stripe may be unavailable.
 * @param clock a monotonic clock in ms, by which cached users become stale
 * @throws StartupError when the database or a port is unavailable, or a setting is invalid.
 */
export async function createBillingService(
  config: BillingConfig,
  clock: () => number = () => performance.now(),
): Promise<BillingService> {
  await using stack = new AsyncDisposableStack();
  const logger = createLogger({ service: 'billing', level: config.logLevel });
  const outgoing = createOutgoingCalls({ service: 'billing', logger });
  const database = {
    url: config.databaseUrl,
    isPooled: config.isPooled,
    maxConnections: config.maxConnections,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  };
  const pool = stack.adopt(createPool({ ...database, logger }), (each) => each.end());
  const orm = stack.adopt(createOrm({ ...database, entities: ENTITIES }), (each) => each.close(true));
  await requireSchema(pool, SCHEMA);
  await requireSessions(pool, config, 'BILLING');
  const outboxUrl = await requireDirectUrl(config, { prefix: 'BILLING', what: 'the outbox' });
  const access = stack.use(await connectUserAccess(config, { prefix: 'BILLING', logger, clock, outgoing }));
  const gateway = stack.use(
    createStripeGateway({ apiKey: config.stripeApiKey, apiBase: config.stripeApiBase, observer: outgoing }),
  );
  const scope = ledgerScopeOf(config);
  warnOfModeMismatch(config, scope, logger);
  const snapshots = createLedgerSnapshots(pool, enqueuePaymentJobs);
  const ports = {
    customers: createPostgresCustomerStore(pool),
    plans: createPostgresPlanStore(orm),
    invoices: createPostgresInvoiceStore(pool),
    payments: {
      reads: createPostgresPaymentReads(pool),
      requests: createPostgresPaymentRequests(pool),
      snapshots,
    },
    snapshots,
    users: access.users,
    freshUsers: createRemoteFreshUsers(access.client, logger),
    aliases: createUserAliases(pool),
    gateway,
  };
  const tasks = billingTasks({
    ...{ admin: access.admin, pool, sums: createPostgresPaymentSums(pool, scope) },
    bookings: stack.use(connectBookings(config.bookingAddress, outgoing)).client,
  });
  const outbox = stack.use(await startOutbox({ url: outboxUrl, logger, tasks }));
  const followed = { pool, columns: USER_COLUMNS, logger };
  const rows = erasedRows(pool, gateway);
  const erasures = stack.use(followErasures({ ...followed, admin: access.admin, consumer: 'billing', rows }));
  const merges = stack.use(followMerges({ ...followed, users: access.uncached, onErased: erasures.wake }));
  const webhooks = stack.use(
    openWebhooks({
      ...{ pool, logger, onChanges: enqueuePaymentJobs },
      refetch: { gateway, snapshots },
      ...{ secrets: config.stripeWebhookSecrets, toleranceS: config.stripeWebhookToleranceS, scope },
      hosts: config.webhookHosts,
    }),
  );
  const probe = stack.use(createDatabaseProbe({ ...database, logger }));
  const servers = stack.use(
    await startServers({
      name: 'billing',
      host: config.host,
      grpc: { port: config.grpcPort, variable: 'BILLING_GRPC_PORT' },
      http: { port: config.httpPort, variable: 'BILLING_HTTP_PORT' },
      logger,
      toRpcError,
      outgoing,
      // Only the own database: without the other services, reads still work.
      isReady: probe.isAnswering,
      readMetrics: () => [access, outbox, merges, erasures, webhooks].flatMap((each) => each.readings()),
      postRoutes: webhooks.postRoutes,
      routes: (chain) => routesOf(ports, [...chain, inheritDeadline, inheritSeenVersions]),
    }),
  );
  const closers = stack.move();
  return { logger, servers, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

function warnOfModeMismatch(config: BillingConfig, { livemode }: LedgerScope, logger: Logger): void {
  const isLive = isLiveKey(config.stripeApiKey);
  if (isLive === undefined || isLive === livemode) return;
  logger.warn(
    { livemode },
    `BILLING_LIVEMODE is ${livemode}, and STRIPE_API_KEY is a key of ${isLive ? 'live' : 'test'} mode: events of what is made with it are not applied`,
  );
}

type Ports = Parameters<typeof customerServiceImplementation>[0] &
  Parameters<typeof invoiceServiceImplementation>[0] & {
    plans: Parameters<typeof planServiceImplementation>[0];
    payments: Pick<PaymentServicePorts, 'reads' | 'requests' | 'snapshots'>;
    gateway: PaymentServicePorts['gateway'];
    users: PaymentServicePorts['users'];
  };

function routesOf(ports: Ports, chain: readonly Interceptor[]): Route[] {
  return [
    ...implementService(PlanService, planServiceImplementation(ports.plans), chain),
    ...implementService(CustomerService, customerServiceImplementation(ports), chain),
    ...implementService(InvoiceService, invoiceServiceImplementation(ports), chain),
    ...implementService(PaymentService, paymentServiceImplementation({ ...ports, ...ports.payments }), chain),
  ];
}

// The columns of billing's tables that hold user ids.
const USER_COLUMNS = [
  { table: 'customers', column: 'id' },
  { table: 'payments', column: 'user_id' },
  { table: 'invoices', column: 'user_id' },
];
