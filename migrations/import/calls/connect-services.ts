import type { DescService } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { type BookingClient, createBookingClient } from '@rollcall/booking-client';
import { BookingService } from '@rollcall/contract/booking';
import { Health, HealthCheckResponse_ServingStatus as Status } from '@rollcall/contract/health';
import { UserAdminService, UserService } from '@rollcall/contract/user';
import { integerSetting, optional, readConfig, textSetting } from '@rollcall/runtime';
import { createServiceClient, type ServiceClient, TransportOptionError } from '@rollcall/transport';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';
import { ImportFault } from '../import-fault.ts';

const port = (variable: string, about: { default: string; doc: string }) =>
  integerSetting({ variable, ...about, min: 1, max: 65_535 });

/** Settings of the import: the variables of `npm start`, and addresses of services elsewhere. */
export const IMPORT_SETTINGS = {
  authGrpcPort: port('AUTH_GRPC_PORT', {
    default: '50051',
    doc: 'gRPC port of the auth service on this machine.',
  }),
  bookingGrpcPort: port('BOOKING_GRPC_PORT', {
    default: '50052',
    doc: 'gRPC port of the booking service on this machine.',
  }),
  authAddress: optional(
    textSetting({
      variable: 'AUTH_ADDRESS',
      doc: 'Where the auth service listens for gRPC, as host:port; unset: on this machine, at AUTH_GRPC_PORT.',
    }),
  ),
  bookingAddress: optional(
    textSetting({
      variable: 'BOOKING_ADDRESS',
      doc: 'Where the booking service listens for gRPC, as host:port; unset: on this machine, at BOOKING_GRPC_PORT.',
    }),
  ),
} as const;

/** gRPC addresses of the services, such as `127.0.0.1:50051`. */
export interface Addresses {
  readonly auth: string;
  readonly booking: string;
}

/** Reads the addresses. @throws StartupError with every fault */
export function readAddresses(env: NodeJS.ProcessEnv): Addresses {
  const config = readConfig(IMPORT_SETTINGS, env);
  return {
    auth: config.authAddress ?? `127.0.0.1:${config.authGrpcPort}`,
    booking: config.bookingAddress ?? `127.0.0.1:${config.bookingGrpcPort}`,
  };
}

/** Clients of the services that an import writes to. */
export interface Services extends Disposable {
  readonly users: ServiceClient<typeof UserService>;
  readonly admin: UserAdminClient;
  readonly bookings: BookingClient;
}

/**
 * Deadline of a call, in milliseconds. Long, because a busy service must not get the call twice. Our own
 * choice.
 */
const TIMEOUT_MS = 10_000;
const GREETING_TIMEOUT_MS = 3_000;

/** Checks that both services are ready, and opens the clients. @throws ImportFault when one is not */
export async function connectServices(addresses: Addresses): Promise<Services> {
  await requireService(UserAdminService, { name: 'auth', address: addresses.auth });
  await requireService(BookingService, { name: 'booking', address: addresses.booking });
  const auth = { address: addresses.auth, defaultTimeoutMs: TIMEOUT_MS };
  const booking = { address: addresses.booking, defaultTimeoutMs: TIMEOUT_MS };
  using stack = new DisposableStack();
  const users = stack.use(createServiceClient(UserService, auth));
  const admin = stack.use(createUserAdminClient(auth));
  const bookings = stack.use(createBookingClient(booking));
  const closers = stack.move();
  return { users, admin, bookings, [Symbol.dispose]: () => closers.dispose() };
}

async function requireService(
  service: DescService,
  { name, address }: { name: string; address: string },
): Promise<void> {
  const variable = `${name.toUpperCase()}_ADDRESS`;
  try {
    using health = createServiceClient(Health, { address });
    const { status } = await health.check({ service: service.typeName }, { timeoutMs: GREETING_TIMEOUT_MS });
    if (status === Status.SERVING) return;
  } catch (error) {
    if (error instanceof TransportOptionError) {
      throw new ImportFault(`${variable} cannot be used: ${error.message}`, { cause: error });
    }
    const { code } = ConnectError.from(error);
    if (code === Code.NotFound || code === Code.Unimplemented) {
      throw new ImportFault(
        `What listens at ${address} is not the ${name} service: set ${variable} to where that is`,
        { cause: error },
      );
    }
    throw new ImportFault(
      `No ${name} service answers at ${address}: start it with \`npm start\`, or set ${variable} to where it is`,
      { cause: error },
    );
  }
  throw new ImportFault(
    `The ${name} service at ${address} is not ready: its log says why; then run the import again`,
  );
}
