import { randomUUID } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Activity,
  ActivitySchema,
  ActivityService,
  type Vendor,
  VendorSchema,
  VendorService as VendorServiceDescriptor,
  VerificationState,
} from '@rollcall/contract/vendor';
import { readConfig } from '@rollcall/runtime';
import { createTestDatabase, openTestPool } from '@rollcall/runtime/testing';
import { createServiceClient, type ServiceClient } from '@rollcall/transport';
import { createFakeUserService, type FakeUserService, type FakeUsers } from '@rollcall/user-client/testing';
import { VENDOR_SETTINGS } from '../config.ts';
import { createVendorService, type VendorService } from '../service.ts';

/** The tenant of tests that need only one. */
export const TENANT = 'acme';

/** The vendor service with its own database and a fake user service, called over gRPC. */
export interface VendorUnderTest extends AsyncDisposable {
  readonly vendors: ServiceClient<typeof VendorServiceDescriptor>;
  readonly activities: ServiceClient<typeof ActivityService>;
  readonly service: VendorService;
  /** The users of the fake user service. */
  readonly users: FakeUsers;
  /** The fake user service, for its recorded calls and its faults. */
  readonly userService: FakeUserService;
  /** Advances the clock of the user cache. Milliseconds. */
  age(ms: number): void;
  /** Runs a statement in the service's database. */
  sql<Row = unknown>(statement: string, values?: unknown[]): Promise<Row[]>;
  /** Creates an active user and its vendor. */
  makeVendor(vendor?: MessageInitShape<typeof VendorSchema>, tenantId?: string): Promise<Vendor>;
  /** Creates an active user and its verified vendor. */
  makeVerified(vendor?: MessageInitShape<typeof VendorSchema>, tenantId?: string): Promise<Vendor>;
  /** Moves a vendor through these states in sequence. */
  verify(vendor: Vendor, ...states: VerificationState[]): Promise<Vendor>;
  /** Creates an activity of a vendor. */
  offer(vendor: Vendor, activity?: MessageInitShape<typeof ActivitySchema>): Promise<Activity>;
}

/**
 * Starts the service, its database and the fake user service.
 * @param env settings that override those of the helper
 */
export async function startVendor(env: NodeJS.ProcessEnv = {}): Promise<VendorUnderTest> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('vendor'));
  const userService = stack.use(createFakeUserService());
  let aheadMs = 0;
  const config = readConfig(VENDOR_SETTINGS, {
    VENDOR_DATABASE_URL: database.url,
    VENDOR_GRPC_PORT: '0',
    VENDOR_HTTP_PORT: '0',
    VENDOR_DATABASE_CONNECTIONS: '5',
    AUTH_ADDRESS: (await userService.listen()).address,
    LOG_LEVEL: 'silent',
    ...env,
  });
  const service = stack.use(await createVendorService(config, () => performance.now() + aheadMs));
  // Longer than a busy machine needs, so that a test fails instead of hanging.
  const options = { address: `127.0.0.1:${service.servers.grpc.port}`, defaultTimeoutMs: 10_000 };
  const vendors = stack.use(createServiceClient(VendorServiceDescriptor, options));
  const activities = stack.use(createServiceClient(ActivityService, options));
  const pool = stack.use(openTestPool(database.url));
  const { users } = userService;

  const makeVendor: VendorUnderTest['makeVendor'] = async (vendor = {}, tenantId = TENANT) => {
    const userId = vendor.userId || randomUUID();
    if (!vendor.userId) users.put(tenantId, userId, { displayName: 'Vera Vendor' });
    const response = await vendors.createVendor({ tenantId, vendor: { ...vendor, userId } });
    return response.vendor ?? create(VendorSchema);
  };
  const verify: VendorUnderTest['verify'] = async ({ tenantId, id }, ...states) => {
    let vendor: Vendor | undefined;
    for (const state of states) ({ vendor } = await vendors.changeVerification({ tenantId, id, state }));
    return vendor ?? create(VendorSchema);
  };
  const closers = stack.move();
  return {
    vendors,
    activities,
    service,
    users,
    userService,
    age: (ms) => {
      aheadMs += ms;
    },
    sql: async (statement, values = []) => (await pool.query(statement, values)).rows,
    makeVendor,
    verify,
    makeVerified: async (vendor, tenantId) =>
      verify(await makeVendor(vendor, tenantId), VerificationState.SUBMITTED, VerificationState.VERIFIED),
    async offer({ tenantId, id: vendorId }, activity = {}) {
      const response = await activities.createActivity({
        tenantId,
        activity: { title: 'A tour', ...activity, vendorId },
      });
      return response.activity ?? create(ActivitySchema);
    },
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}
