import {
  booleanSetting,
  type ConfigOf,
  databaseAccessSettings,
  databaseUrlSetting,
  databaseUrlsSetting,
  integerSetting,
  LOG_LEVEL_SETTING,
  namesSetting,
  optional,
  portSetting,
  type Settings,
  textSetting,
} from '@rollcall/runtime';
import { keysSetting } from '@rollcall/runtime/sealing';

/** The settings of the auth service in its environment. */
export const AUTH_SETTINGS = {
  databaseUrl: databaseUrlSetting({
    variable: 'AUTH_DATABASE_URL',
    doc: 'PostgreSQL database of the auth service, as postgres://user:password@host:port/database.',
  }),
  ...databaseAccessSettings('AUTH', { needsDirect: 'migrations and commands' }),
  replicaUrls: databaseUrlsSetting({
    variable: 'AUTH_DATABASE_REPLICA_URLS',
    doc: 'Streaming replicas of that database, as URLs separated by commas; users are read from those that are up to date.',
  }),
  encryptionKeys: keysSetting({
    variable: 'AUTH_ENCRYPTION_KEYS',
    doc: 'Keys that seal contact data, as id:base64[,id:base64 ...]; the first one seals, all of them open; echo "k1:$(openssl rand -base64 32)" makes one.',
  }),
  indexKeys: keysSetting({
    variable: 'AUTH_INDEX_KEYS',
    doc: 'Keys of the blind indexes that find contact data, in the form of AUTH_ENCRYPTION_KEYS; echo "i1:$(openssl rand -base64 32)" makes one.',
  }),
  host: textSetting({
    variable: 'AUTH_HOST',
    default: '127.0.0.1',
    doc: 'Address that the auth service listens on; any but a loopback address needs the TLS settings.',
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
    doc: 'Most users that each process of the auth service keeps in memory; 0: none, every read goes to the database.',
  }),
  maxWaitMs: integerSetting({
    variable: 'AUTH_DATABASE_WAIT_MS',
    default: '500',
    min: 10,
    max: 10_000,
    doc: 'Longest time in ms that a call of the auth service waits for a database connection; then it is refused as OVERLOADED.',
  }),
  maxCalls: integerSetting({
    variable: 'AUTH_CALLS',
    default: '2000',
    min: 10,
    max: 100_000,
    doc: 'Most calls at once in each process of the auth service; from half of it on, it refuses searches, then writes, then reads.',
  }),
  maxConnectionAgeMs: integerSetting({
    variable: 'AUTH_CONNECTION_AGE_MS',
    default: '1800000',
    min: 1000,
    max: 86_400_000,
    doc: 'How long a gRPC connection lives until its caller is asked to open another, so that callers find new processes.',
  }),
  workers: integerSetting({
    variable: 'AUTH_WORKERS',
    default: '1',
    min: 1,
    max: 64,
    doc: 'Processes of the auth service on this machine, which share its ports; connections and memory are counted for each.',
  }),
  tokenIssuer: textSetting({
    variable: 'AUTH_TOKEN_ISSUER',
    default: 'rollcall',
    doc: 'Issuer of access tokens: the claim iss.',
  }),
  accessTokenAudience: textSetting({
    variable: 'AUTH_ACCESS_TOKEN_AUDIENCE',
    default: 'rollcall',
    doc: 'Audience of access tokens: the claim aud, which verifiers check.',
  }),
  passwordConcurrency: integerSetting({
    variable: 'AUTH_PASSWORD_CONCURRENCY',
    default: '2',
    min: 1,
    max: 64,
    doc: 'Most passwords hashed at once, each in a thread of its own, on a core and in 19 MiB.',
  }),
  erasureConsumers: namesSetting({
    variable: 'AUTH_ERASURE_CONSUMERS',
    default: 'booking,vendor,billing',
    doc: 'Services that are expected to report each erasure, separated by commas.',
  }),
  erasureReportHours: integerSetting({
    variable: 'AUTH_ERASURE_REPORT_HOURS',
    default: '24',
    min: 1,
    max: 8760,
    doc: 'How long a service may take to report an erasure until it is overdue, in hours.',
  }),
  mailDirectory: optional(
    textSetting({
      variable: 'AUTH_MAIL_DIRECTORY',
      doc: 'Directory that mails to users are written into, one .eml file each; unset: no mail is sent.',
    }),
  ),
  tlsCertificate: optional(
    textSetting({
      variable: 'AUTH_TLS_CERT_FILE',
      doc: 'Certificate chain of the auth service, PEM; read again when it is replaced, as are the other files.',
    }),
  ),
  tlsKey: optional(
    textSetting({ variable: 'AUTH_TLS_KEY_FILE', doc: 'Private key of that certificate, PEM.' }),
  ),
  tlsClientCa: optional(
    textSetting({
      variable: 'AUTH_TLS_CLIENT_CA_FILE',
      doc: 'Certificate authorities of callers, PEM; a certificate names its caller by SPIFFE id.',
    }),
  ),
  callerKeys: optional(
    textSetting({
      variable: 'AUTH_CALLER_JWKS_FILE',
      doc: 'Public Ed25519 keys, a JWKS, that verify service tokens of callers.',
    }),
  ),
  tokenAudience: textSetting({
    variable: 'AUTH_TOKEN_AUDIENCE',
    default: 'auth',
    doc: 'Audience that a service token must be made for.',
  }),
  requireCallers: booleanSetting({
    variable: 'AUTH_REQUIRE_CALLERS',
    default: 'false',
    doc: 'Whether callers must authenticate on loopback too; setting any of the four files means true.',
  }),
  logLevel: LOG_LEVEL_SETTING,
} as const;

/** The values of these settings, as one process read them. */
export type AuthConfig = ConfigOf<typeof AUTH_SETTINGS>;

/** The settings of `npm run audit`, beside AUTH_DATABASE_URL. */
export const AUDIT_SETTINGS = {
  ownerUrl: optional(
    databaseUrlSetting({
      variable: 'AUTH_DATABASE_OWNER_URL',
      doc: 'PostgreSQL database of the auth service as the role that owns its tables, for export and prune.',
    }),
  ),
  retentionDays: optional(
    integerSetting({
      variable: 'AUTH_AUDIT_RETENTION_DAYS',
      min: 1,
      max: 100_000,
      doc: 'Days that chains of the audit log stay in the database once they are closed and exported.',
    }),
  ),
} as const satisfies Settings;
