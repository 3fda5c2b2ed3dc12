import { randomUUID } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Booking,
  BookingSchema,
  BookingService as BookingServiceDescriptor,
  PetService,
  ReviewService,
} from '@rollcall/contract/booking';
import { readConfig } from '@rollcall/runtime';
import { createTestDatabase, openTestPool } from '@rollcall/runtime/testing';
import { createServiceClient, type ServiceClient } from '@rollcall/transport';
import { createFakeUserService, type FakeUserService, type FakeUsers } from '@rollcall/user-client/testing';
import { BOOKING_SETTINGS } from '../config.ts';
import { type BookingService, createBookingService } from '../service.ts';

/** The booking service with its own database and a fake user service, called over gRPC. */
export interface BookingUnderTest extends AsyncDisposable {
  readonly client: ServiceClient<typeof BookingServiceDescriptor>;
  readonly pets: ServiceClient<typeof PetService>;
  readonly reviews: ServiceClient<typeof ReviewService>;
  readonly service: BookingService;
  /** The users of the fake user service. */
  readonly users: FakeUsers;
  /** The fake user service, for its recorded calls and its faults. */
  readonly userService: FakeUserService;
  /** Advances the clock of the user cache. Milliseconds. */
  age(ms: number): void;
  /** Runs a statement in the service's database. */
  sql(statement: string, values: unknown[]): Promise<unknown[]>;
  /** Inserts bookings of distinct unknown users. */
  fill(tenantId: string, count: number): Promise<void>;
  /** Creates a booking and returns it. The tenant is `acme` by default. */
  book(booking?: MessageInitShape<typeof BookingSchema>, tenantId?: string): Promise<Booking>;
}

/** Starts the service, its database and the fake user service. */
export async function startBooking(): Promise<BookingUnderTest> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('booking'));
  const userService = stack.use(createFakeUserService());
  let aheadMs = 0;
  const config = readConfig(BOOKING_SETTINGS, {
    BOOKING_DATABASE_URL: database.url,
    BOOKING_GRPC_PORT: '0',
    BOOKING_HTTP_PORT: '0',
    BOOKING_DATABASE_CONNECTIONS: '5',
    AUTH_ADDRESS: (await userService.listen()).address,
    LOG_LEVEL: 'silent',
  });
  const service = stack.use(await createBookingService(config, () => performance.now() + aheadMs));
  // Longer than a busy machine needs, so that a test fails instead of hanging.
  const connection = { address: `127.0.0.1:${service.servers.grpc.port}`, defaultTimeoutMs: 10_000 };
  const client = stack.use(createServiceClient(BookingServiceDescriptor, connection));
  const pets = stack.use(createServiceClient(PetService, connection));
  const reviews = stack.use(createServiceClient(ReviewService, connection));
  const book = async (booking: MessageInitShape<typeof BookingSchema> = {}, tenantId = 'acme') => {
    const response = await client.createBooking({ tenantId, booking: newBooking(booking) });
    return response.booking ?? create(BookingSchema);
  };
  const pool = stack.use(openTestPool(database.url));
  const sql = async (statement: string, values: unknown[]) => (await pool.query(statement, values)).rows;
  const closers = stack.move();
  return {
    client,
    pets,
    reviews,
    service,
    users: userService.users,
    userService,
    age: (ms) => {
      aheadMs += ms;
    },
    sql,
    fill: async (tenantId, count) => void (await sql(FILL, [tenantId, count])),
    book,
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

const FILL = `insert into bookings
    (tenant_id, id, reference, user_id, status, start_date, end_date, create_time, update_time)
  select $1, gen_random_uuid(), 'F-' || n, gen_random_uuid(), 'PAID', '2026-01-01', '2026-01-02', now(), now()
  from generate_series(1, $2::int) n`;

/** Returns a valid booking with these fields. */
export function newBooking(init: MessageInitShape<typeof BookingSchema> = {}): Booking {
  return create(BookingSchema, { startDate: '2026-05-01', endDate: '2026-05-03', ...init });
}

/** Returns a new user id. */
export function newUserId(): string {
  return randomUUID();
}
