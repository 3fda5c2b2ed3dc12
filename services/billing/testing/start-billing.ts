import { randomUUID } from 'node:crypto';
import type { DescService } from '@bufbuild/protobuf';
import { CustomerService, InvoiceService, PaymentService, PlanService } from '@rollcall/contract/billing';
import { readConfig } from '@rollcall/runtime';
import { createTestDatabase, openTestPool } from '@rollcall/runtime/testing';
import { createServiceClient, type ServiceClient } from '@rollcall/transport';
import { createFakeUserService, type FakeUserService, type FakeUsers } from '@rollcall/user-client/testing';
import { BILLING_SETTINGS } from '../config.ts';
import { type BillingService, createBillingService } from '../service.ts';

/** The billing service with its own database and fake user service, called over gRPC. */
export interface BillingUnderTest extends AsyncDisposable {
  readonly plans: ServiceClient<typeof PlanService>;
  readonly customers: ServiceClient<typeof CustomerService>;
  readonly invoices: ServiceClient<typeof InvoiceService>;
  readonly payments: ServiceClient<typeof PaymentService>;
  readonly service: BillingService;
  /** The URL of the database, as the role of the service. */
  readonly databaseUrl: string;
  /** The URL of the HTTP server. */
  readonly httpUrl: string;
  /** The users of the fake user service. */
  readonly users: FakeUsers;
  /** The fake user service, with its requests and faults. */
  readonly userService: FakeUserService;
  /** Advances the clock by which cached users become stale, in ms. */
  age(ms: number): void;
  /** Runs a statement in the billing database. */
  sql(statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Creates an area and a plan with one price in it. */
  sell(price: { minorUnits: bigint; stripePriceId?: string }, tenantId?: string): Promise<Sold>;
}

/** A plan and the area in which it has a price. */
export interface Sold {
  readonly planId: string;
  readonly areaId: string;
}

/**
 * Starts the service.
 * @param env settings other than those of the database, the ports and the user service
 */
export async function startBilling(env: NodeJS.ProcessEnv = {}): Promise<BillingUnderTest> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('billing'));
  const userService = stack.use(createFakeUserService());
  let aheadMs = 0;
  const config = readConfig(BILLING_SETTINGS, {
    BILLING_DATABASE_URL: database.url,
    BILLING_GRPC_PORT: '0',
    BILLING_HTTP_PORT: '0',
    BILLING_DATABASE_CONNECTIONS: '5',
    // Jobs of the service would change these users during a test.
    AUTH_ADDRESS: (await userService.listen()).address,
    LOG_LEVEL: 'silent',
    ...env,
  });
  const service = stack.use(await createBillingService(config, () => performance.now() + aheadMs));
  // Longer than a busy machine needs, so that a test fails instead of hanging.
  const options = { address: `127.0.0.1:${service.servers.grpc.port}`, defaultTimeoutMs: 10_000 };
  const client = <S extends DescService>(of: S) => stack.use(createServiceClient(of, options));
  const clients = {
    plans: client(PlanService),
    customers: client(CustomerService),
    invoices: client(InvoiceService),
    payments: client(PaymentService),
  };
  const pool = stack.use(openTestPool(database.url));
  const closers = stack.move();
  return {
    ...clients,
    service,
    databaseUrl: database.url,
    httpUrl: `http://127.0.0.1:${service.servers.http.port}`,
    users: userService.users,
    userService,
    age: (ms) => {
      aheadMs += ms;
    },
    sql: async (statement, values = []) => (await pool.query(statement, values)).rows,
    sell: (price, tenantId = 'acme') => sell(clients.plans, price, tenantId),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

async function sell(
  plans: ServiceClient<typeof PlanService>,
  { minorUnits, stripePriceId = '' }: { minorUnits: bigint; stripePriceId?: string },
  tenantId: string,
): Promise<Sold> {
  const code = `c-${randomUUID()}`;
  const { area } = await plans.createArea({
    tenantId,
    area: { code, title: 'Euroland', currencyCode: 'EUR' },
  });
  const areaId = area?.id ?? '';
  const amount = { currencyCode: 'EUR', minorUnits };
  const { plan } = await plans.createPlan({
    tenantId,
    plan: { code, title: 'Plan', interval: 1, prices: [{ areaId, amount, stripePriceId }] },
  });
  return { areaId, planId: plan?.id ?? '' };
}
