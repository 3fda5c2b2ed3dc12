import { createClient } from '@connectrpc/connect';
import { startAuth } from '@rollcall/auth/testing';
import { BOOKING_SETTINGS, createBookingService } from '@rollcall/booking';
import { createBookingClient, createPetClient, createReviewClient } from '@rollcall/booking-client';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { readConfig } from '@rollcall/runtime';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import pg from 'pg';
import { vi } from 'vitest';

/** Both services, each with a database of its own, and clients of them. */
export type AuthAndBooking = Awaited<ReturnType<typeof startAuthAndBooking>>;

// Longer than a busy machine needs, so that no test hangs on a service that does not answer.
const TIMEOUT_MS = 15_000;

const NOBODY = '00000000-0000-4000-8000-000000000000';

/** Starts both. The auth service can go away and come back at the same address. */
export async function startAuthAndBooking() {
  await using stack = new AsyncDisposableStack();
  const [authDatabase, bookingDatabase] = [
    stack.use(await createTestDatabase('auth')),
    stack.use(await createTestDatabase('booking')),
  ];
  const auth = stack.use(await startableAuth(authDatabase.url));
  const authAddress = `127.0.0.1:${auth.port}`;
  const service = stack.use(
    await createBookingService(
      readConfig(BOOKING_SETTINGS, {
        BOOKING_DATABASE_URL: bookingDatabase.url,
        BOOKING_GRPC_PORT: '0',
        BOOKING_HTTP_PORT: '0',
        BOOKING_DATABASE_CONNECTIONS: '4',
        AUTH_ADDRESS: authAddress,
        LOG_LEVEL: 'silent',
      }),
    ),
  );
  const toAuth = stack.use(createGrpcTransport({ address: authAddress, defaultTimeoutMs: TIMEOUT_MS }));
  const toBooking = { address: `127.0.0.1:${service.servers.grpc.port}`, defaultTimeoutMs: TIMEOUT_MS };
  const bookings = stack.use(createBookingClient(toBooking));
  const pets = stack.use(createPetClient(toBooking));
  const reviews = stack.use(createReviewClient(toBooking));
  const [sql, authSql] = [bookingDatabase, authDatabase].map(({ url }) => {
    const pool = stack.adopt(new pg.Pool({ connectionString: url, max: 1 }), (each) => each.end());
    return async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows;
  }) as [Query, Query];
  const users = createClient(UserService, toAuth);
  const ask = () => users.batchGetUsers({ tenantId: 'nobody', ids: [NOBODY] });
  const closers = stack.move();
  return {
    auth: {
      stop: auth.stop,
      /** Until calls arrive again: a channel that was refused waits before it connects once more. */
      start: async () => {
        await auth.start();
        await vi.waitFor(ask, { timeout: TIMEOUT_MS, interval: 50 });
      },
    },
    admin: createClient(UserAdminService, toAuth),
    users,
    bookings,
    pets,
    reviews,
    sql,
    metrics: async () => (await fetch(`http://127.0.0.1:${service.servers.http.port}/metrics`)).text(),
    /** Puts users of one first name into a tenant. */
    fillUsers: async (tenantId: string, count: number, firstName: string) =>
      void (await authSql(FILL_USERS, [tenantId, count, firstName])),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

type Query = (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

async function startableAuth(url: string) {
  const start = (port: number) => startAuth({ databaseUrl: url, env: { AUTH_GRPC_PORT: String(port) } });
  let running: Awaited<ReturnType<typeof start>> | undefined = await start(0);
  const { grpcPort: port } = running;
  const stop = async () => {
    await running?.[Symbol.asyncDispose]();
    running = undefined;
  };
  return {
    port,
    stop,
    start: async () => {
      running ??= await start(port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

const FILL_USERS = `insert into users (tenant_id, id, state, role, first_name, last_name, display_name, profile_image,
    business_name, create_time, update_time)
  select $1, gen_random_uuid(), 'ACTIVE', 'CUSTOMER', $3, 'No ' || n, '', '', '', now(), now()
  from generate_series(1, $2::int) n`;
