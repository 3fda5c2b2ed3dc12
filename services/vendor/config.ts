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

/** The settings of the vendor service. */
export const VENDOR_SETTINGS = {
  databaseUrl: databaseUrlSetting({
    variable: 'VENDOR_DATABASE_URL',
    doc: 'PostgreSQL database of the vendor service, as postgres://user:password@host:port/database.',
  }),
  ...databaseAccessSettings('VENDOR', { needsDirect: 'migrations and the outbox' }),
  host: textSetting({
    variable: 'VENDOR_HOST',
    default: '127.0.0.1',
    doc: 'Address that the vendor service listens on; loopback only, because its callers are not authenticated.',
  }),
  grpcPort: portSetting({
    variable: 'VENDOR_GRPC_PORT',
    default: '50053',
    doc: 'Port of the vendor service for gRPC.',
  }),
  httpPort: portSetting({
    variable: 'VENDOR_HTTP_PORT',
    default: '8083',
    doc: 'Port of the vendor service for Connect, gRPC-Web, JSON, health and metrics.',
  }),
  maxConnections: integerSetting({
    variable: 'VENDOR_DATABASE_CONNECTIONS',
    default: '10',
    min: 1,
    max: 200,
    doc: 'Most database connections of the vendor service for calls; its outbox has a few more.',
  }),
  ...userAccessSettings({ prefix: 'VENDOR', service: 'vendor' }),
  logLevel: LOG_LEVEL_SETTING,
} as const;

/** The values of the settings. */
export type VendorConfig = ConfigOf<typeof VENDOR_SETTINGS>;
