import {
  type ConfigOf,
  databaseAccessSettings,
  databaseUrlSetting,
  integerSetting,
  LOG_LEVEL_SETTING,
  portSetting,
  textSetting,
} from '@rollcall/runtime';
import { userAccessSettings } from '@rollcall/user-access';

/** The settings of the booking service. */
export const BOOKING_SETTINGS = {
  databaseUrl: databaseUrlSetting({
    variable: 'BOOKING_DATABASE_URL',
    doc: 'PostgreSQL database of the booking service, as postgres://user:password@host:port/database.',
  }),
  ...databaseAccessSettings('BOOKING', { needsDirect: 'migrations and the outbox' }),
  host: textSetting({
    variable: 'BOOKING_HOST',
    default: '127.0.0.1',
    doc: 'Address that the booking service listens on; loopback only, because its callers are not authenticated.',
  }),
  grpcPort: portSetting({
    variable: 'BOOKING_GRPC_PORT',
    default: '50052',
    doc: 'Port of the booking service for gRPC.',
  }),
  httpPort: portSetting({
    variable: 'BOOKING_HTTP_PORT',
    default: '8082',
    doc: 'Port of the booking service for Connect, gRPC-Web, JSON, health and metrics.',
  }),
  maxConnections: integerSetting({
    variable: 'BOOKING_DATABASE_CONNECTIONS',
    default: '10',
    min: 1,
    max: 200,
    doc: 'Most database connections of the booking service for its statements, and as many again for pets; its outbox has seven more.',
  }),
  ...userAccessSettings({ prefix: 'BOOKING', service: 'booking' }),
  logLevel: LOG_LEVEL_SETTING,
} as const;

/** The values of the settings. */
export type BookingConfig = ConfigOf<typeof BOOKING_SETTINGS>;
