import { randomUUID } from 'node:crypto';
import type { DescService } from '@bufbuild/protobuf';
import { CustomerService, InvoiceService, PaymentService, PlanService } from '@rollcall/contract/billing';
import { readConfig } from '@rollcall/runtime';
import { createTestDatabase, openTestPool } from '@rollcall/runtime/testing';
import { createServiceClient, type ServiceClient } from '@rollcall/transport';
import { createFakeUserService, type FakeUserService, type FakeUsers } from '@rollcall/user-client/testing';
import { BILLING_SETTINGS } from '../config.ts';
import { type BillingService, createBillingService } from '../service.ts';

/** The billing service with a database and a user service of its own, called through its gRPC door. */
export interface BillingUnderTest extends AsyncDisposable {
  readonly plans: ServiceClient<typeof PlanService>;
  readonly customers: ServiceClient<typeof CustomerService>;
  readonly invoices: ServiceClient<typeof InvoiceService>;
  readonly payments: ServiceClient<typeof PaymentService>;
  readonly service: BillingService;
  /** Where its database is, as its own role. */
  readonly databaseUrl: string;
  /** Its HTTP door. */
  readonly httpUrl: string;
  /** The users that the service can ask about. */
  readonly users: FakeUsers;
  /** What it asks, and the troubles to give it. */
  readonly userService: FakeUserService;
  /** Lets everything that the service knows of users grow older, in ms. */
  age(ms: number): void;
  /** Runs a statement in the service's database. */
  sql(statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Makes an area and a plan with one price in it. */
  sell(price: { minorUnits: bigint; stripePriceId?: string }, tenantId?: string): Promise<Sold>;
}

/** What can be subscribed to. */
export interface Sold {
  readonly planId: string;
  readonly areaId: string;
}

/**
 * Starts all of it.
 * @param env settings beside those of the database, the ports and the user service
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
    // What the service tells of users would change them in the midst of a test.
    AUTH_ADDRESS: (await userService.listen()).address,
    LOG_LEVEL: 'silent',
    ...env,
  });
  const service = stack.use(await createBillingService(config, () => performance.now() + aheadMs));
  // Longer than a busy machine needs, so that no test hangs on a service that does not answer.
  const options = { address: `127.0.0.1:${service.doors.grpc.port}`, defaultTimeoutMs: 10_000 };
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
    httpUrl: `http://127.0.0.1:${service.doors.http.port}`,
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
