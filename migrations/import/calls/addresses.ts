import { integerSetting, optional, readConfig, textSetting } from '@rollcall/runtime';

const port = (variable: string, about: { default: string; doc: string }) =>
  integerSetting({ variable, ...about, min: 1, max: 65_535 });

/** What the import reads from the environment: the same variables as `npm start`, and addresses for services elsewhere. */
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

/** Where the services listen for gRPC: `127.0.0.1:50051`. */
export interface Addresses {
  readonly auth: string;
  readonly booking: string;
}

/** Reads the addresses. Throws StartupError naming every fault at once. */
export function readAddresses(env: NodeJS.ProcessEnv): Addresses {
  const config = readConfig(IMPORT_SETTINGS, env);
  return {
    auth: config.authAddress ?? `127.0.0.1:${config.authGrpcPort}`,
    booking: config.bookingAddress ?? `127.0.0.1:${config.bookingGrpcPort}`,
  };
}
