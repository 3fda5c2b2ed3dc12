import {
  type ConfigOf,
  choiceSetting,
  databaseUrlSetting,
  integerSetting,
  LOG_LEVELS,
  optional,
  portSetting,
  textSetting,
} from '@rollcall/runtime';

/** What the booking service reads from its environment. */
export const BOOKING_SETTINGS = {
  databaseUrl: databaseUrlSetting({
    variable: 'BOOKING_DATABASE_URL',
    doc: 'PostgreSQL database of the booking service, as postgres://user:password@host:port/database.',
  }),
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
    doc: 'Most database connections of the booking service for reads, and as many again for writes.',
  }),
  authAddress: textSetting({
    variable: 'AUTH_ADDRESS',
    default: '127.0.0.1:50051',
    doc: 'Where the booking service asks about users by gRPC: host:port, or several separated by commas.',
  }),
  usersSnapshotPath: optional(
    textSetting({
      variable: 'BOOKING_USERS_SNAPSHOT_PATH',
      doc: 'File in which the names of users outlive the booking process, for a start while the user service is away; unset: they do not.',
    }),
  ),
  authCa: optional(
    textSetting({
      variable: 'BOOKING_AUTH_CA_FILE',
      doc: 'Authorities, PEM, that vouch for the auth service; set, it is called over TLS.',
    }),
  ),
  tlsCertificate: optional(
    textSetting({
      variable: 'BOOKING_TLS_CERT_FILE',
      doc: 'Certificate chain, PEM, by which the auth service knows the booking service.',
    }),
  ),
  tlsKey: optional(
    textSetting({ variable: 'BOOKING_TLS_KEY_FILE', doc: 'The private key that goes with it, PEM.' }),
  ),
  callerKey: optional(
    textSetting({
      variable: 'BOOKING_CALLER_KEY_FILE',
      doc: 'Private key with which the booking service makes its own service tokens.',
    }),
  ),
  callerName: textSetting({
    variable: 'BOOKING_CALLER',
    default: 'booking',
    doc: 'Who those tokens say is asking.',
  }),
  tokenAudience: textSetting({
    variable: 'AUTH_TOKEN_AUDIENCE',
    default: 'auth',
    doc: 'Audience that a service token must be made for.',
  }),
  logLevel: choiceSetting({
    variable: 'LOG_LEVEL',
    default: 'info',
    choices: LOG_LEVELS,
    doc: 'How much every service logs; debug adds a line for each call that succeeded.',
  }),
} as const;

/** The settings of one booking process. */
export type BookingConfig = ConfigOf<typeof BOOKING_SETTINGS>;
