import {
  type ConfigOf,
  choiceSetting,
  databaseUrlSetting,
  integerSetting,
  LOG_LEVELS,
  portSetting,
  textSetting,
} from '@rollcall/runtime';
import { keysSetting } from '@rollcall/runtime/sealing';

/** What the auth service reads from its environment. */
export const AUTH_SETTINGS = {
  databaseUrl: databaseUrlSetting({
    variable: 'AUTH_DATABASE_URL',
    doc: 'PostgreSQL database of the auth service, as postgres://user:password@host:port/database.',
  }),
  encryptionKeys: keysSetting({
    variable: 'AUTH_ENCRYPTION_KEYS',
    doc: 'Keys that contact data are sealed with, as id:base64[,id:base64 ...], the first for what is written, all for what is read; echo "k1:$(openssl rand -base64 32)" makes one.',
  }),
  indexKeys: keysSetting({
    variable: 'AUTH_INDEX_KEYS',
    doc: 'Keys that contact data are found by, of the same form; echo "i1:$(openssl rand -base64 32)" makes one.',
  }),
  host: textSetting({
    variable: 'AUTH_HOST',
    default: '127.0.0.1',
    doc: 'Address that the auth service listens on; loopback only, because callers are not authenticated.',
  }),
  grpcPort: portSetting({
    variable: 'AUTH_GRPC_PORT',
    default: '50051',
    doc: 'Port of the auth service for gRPC.',
  }),
  httpPort: portSetting({
    variable: 'AUTH_HTTP_PORT',
    default: '8081',
    doc: 'Port of the auth service for Connect, gRPC-Web, JSON, health and metrics.',
  }),
  maxConnections: integerSetting({
    variable: 'AUTH_DATABASE_CONNECTIONS',
    default: '10',
    min: 1,
    max: 200,
    doc: 'Most database connections of the auth service for reads, and as many again for writes.',
  }),
  maxCachedUsers: integerSetting({
    variable: 'AUTH_CACHED_USERS',
    default: '100000',
    min: 0,
    max: 10_000_000,
    doc: 'Most users that each process of the auth service keeps in memory, about 1 kB each; 0: none, every read goes to the database.',
  }),
  logLevel: choiceSetting({
    variable: 'LOG_LEVEL',
    default: 'info',
    choices: LOG_LEVELS,
    doc: 'How much every service logs; debug adds a line for each call that succeeded.',
  }),
} as const;

/** The settings of one auth process. */
export type AuthConfig = ConfigOf<typeof AUTH_SETTINGS>;
