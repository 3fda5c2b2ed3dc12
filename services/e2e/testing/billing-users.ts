import { startAuth } from '@rollcall/auth/testing';
import { BILLING_SETTINGS, createBillingService } from '@rollcall/billing';
import {
  createCustomerClient,
  createInvoiceClient,
  createPaymentClient,
  createPlanClient,
} from '@rollcall/billing-client';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserService, UserView } from '@rollcall/contract/user';
import { readConfig } from '@rollcall/runtime';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createServiceClient } from '@rollcall/transport';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';
import { Pool } from 'pg';

const QUIET = { LOG_LEVEL: 'silent' };
// Longer than a busy machine needs, so that no test hangs on a service that does not answer.
const PATIENT = { defaultTimeoutMs: 10_000 };

/** The billing service beside the real user service, each with a database of its own. */
export async function startBillingWithUsers(tenantId = freshTenant()) {
  await using stack = new AsyncDisposableStack();
  const auth = stack.use(await startAuth());
  const admin: UserAdminClient = stack.use(createUserAdminClient({ address: auth.address, ...PATIENT }));
  const users = stack.use(createServiceClient(UserService, { address: auth.address, ...PATIENT }));
  const database = stack.use(await createTestDatabase('billing'));
  const config = readConfig(BILLING_SETTINGS, {
    ...QUIET,
    ...{ BILLING_DATABASE_URL: database.url, BILLING_GRPC_PORT: '0', BILLING_HTTP_PORT: '0' },
    ...{ BILLING_DATABASE_CONNECTIONS: '5', AUTH_ADDRESS: auth.address },
  });
  const service = stack.use(await createBillingService(config));
  const options = { address: `127.0.0.1:${service.servers.grpc.port}`, ...PATIENT };
  const pool = stack.adopt(new Pool({ connectionString: database.url, max: 1 }), (each) => each.end());
  const clients = {
    plans: stack.use(createPlanClient(options)),
    customers: stack.use(createCustomerClient(options)),
    invoices: stack.use(createInvoiceClient(options)),
    payments: stack.use(createPaymentClient(options)),
  };
  const closers = stack.move();
  return {
    ...clients,
    ...{ tenantId, admin, service },
    newUser: (fields: NonNullable<Parameters<typeof seedUser>[2]> = {}) =>
      seedUser({ admin }, tenantId, fields),
    /** The user as the owner knows it now, in full. */
    readUser: async (id: string) => (await users.getUser({ tenantId, id, view: UserView.FULL })).user,
    sql: async (statement: string, values: unknown[] = []) => (await pool.query(statement, values)).rows,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}
