import {
  type ConfigOf,
  choiceSetting,
  databaseUrlSetting,
  formatList,
  integerSetting,
  LOG_LEVELS,
  optional,
  type Secret,
  textSetting,
} from '@rollcall/runtime';
import { keysSetting } from '@rollcall/runtime/sealing';

/**
 * Names of the services in the order in which they start. They stop in reverse order. Each has its own
 * database, and a role and a database of its name.
 */
export const SERVICES = ['auth', 'booking', 'vendor', 'billing'] as const;

/** Name of a service. */
export type ServiceName = (typeof SERVICES)[number];

const OWNERS: ReadonlyMap<string, string> = new Map([['auth', 'auth_owner']]);

/**
 * Returns the role that owns the database of a service and runs its migrations. Auth has a separate owner, so
 * that the service cannot change its audit log. Every other service owns its database.
 */
export function ownerOf(service: string): string {
  return OWNERS.get(service) ?? service;
}

const port = (variable: string, about: { default: string; doc: string }) =>
  integerSetting({ variable, ...about, min: 1, max: 65_535 });

const outsideDatabase = (variable: string, service: string) =>
  optional(
    databaseUrlSetting({
      variable,
      doc: `a PostgreSQL of your own for the ${service} service; unset: the embedded one`,
    }),
  );

/** Settings of `npm start`, read from the environment. */
export const LOCAL_SETTINGS = {
  authGrpcPort: port('AUTH_GRPC_PORT', { default: '50051', doc: 'gRPC port of the auth service' }),
  authHttpPort: port('AUTH_HTTP_PORT', { default: '8081', doc: 'HTTP port of the auth service' }),
  bookingGrpcPort: port('BOOKING_GRPC_PORT', { default: '50052', doc: 'gRPC port of the booking service' }),
  bookingHttpPort: port('BOOKING_HTTP_PORT', { default: '8082', doc: 'HTTP port of the booking service' }),
  vendorGrpcPort: port('VENDOR_GRPC_PORT', { default: '50053', doc: 'gRPC port of the vendor service' }),
  vendorHttpPort: port('VENDOR_HTTP_PORT', { default: '8083', doc: 'HTTP port of the vendor service' }),
  billingGrpcPort: port('BILLING_GRPC_PORT', { default: '50054', doc: 'gRPC port of the billing service' }),
  billingHttpPort: port('BILLING_HTTP_PORT', { default: '8084', doc: 'HTTP port of the billing service' }),
  postgresPort: port('POSTGRES_PORT', { default: '54320', doc: 'port of the embedded PostgreSQL' }),
  dataDirectory: textSetting({
    variable: 'ROLLCALL_DATA_DIR',
    default: '.rollcall',
    doc: 'where npm start keeps database, secret and logs; relative to the checkout',
  }),
  authDatabaseUrl: outsideDatabase('AUTH_DATABASE_URL', 'auth'),
  authDatabaseOwnerUrl: optional(
    databaseUrlSetting({
      variable: 'AUTH_DATABASE_OWNER_URL',
      doc: 'that PostgreSQL as the role that owns its tables, for migrations',
    }),
  ),
  bookingDatabaseUrl: outsideDatabase('BOOKING_DATABASE_URL', 'booking'),
  vendorDatabaseUrl: outsideDatabase('VENDOR_DATABASE_URL', 'vendor'),
  billingDatabaseUrl: outsideDatabase('BILLING_DATABASE_URL', 'billing'),
  authEncryptionKeys: optional(
    keysSetting({
      variable: 'AUTH_ENCRYPTION_KEYS',
      doc: 'keys that contact data are sealed with; unset: npm start makes and keeps one',
    }),
  ),
  authIndexKeys: optional(
    keysSetting({
      variable: 'AUTH_INDEX_KEYS',
      doc: 'keys that contact data are found by; unset: npm start makes and keeps one',
    }),
  ),
  // Checked here because a service would find a fault only after all earlier steps.
  logLevel: choiceSetting({
    variable: 'LOG_LEVEL',
    default: 'info',
    choices: LOG_LEVELS,
    doc: `how much the services log: ${LOG_LEVELS.join(', ')}`,
  }),
} as const;

/** Values of `LOCAL_SETTINGS`. */
export type LocalSettings = ConfigOf<typeof LOCAL_SETTINGS>;

/** Settings of one service. */
export interface ServiceSettings {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Undefined for the embedded database. */
  readonly databaseUrl: Secret | undefined;
}

/** Returns the settings of one service. */
export function settingsOf(settings: LocalSettings, service: ServiceName): ServiceSettings {
  return {
    grpcPort: settings[`${service}GrpcPort`],
    httpPort: settings[`${service}HttpPort`],
    databaseUrl: settings[`${service}DatabaseUrl`],
  };
}

/** Returns the variables of the settings of one service. */
export function variablesOf(service: ServiceName): Readonly<Record<keyof ServiceSettings, string>> {
  return {
    grpcPort: LOCAL_SETTINGS[`${service}GrpcPort`].variable,
    httpPort: LOCAL_SETTINGS[`${service}HttpPort`].variable,
    databaseUrl: LOCAL_SETTINGS[`${service}DatabaseUrl`].variable,
  };
}

/** All variables that name a database, as `A, B and C`. */
export const DATABASE_VARIABLES: string = formatList(
  SERVICES.map((service) => variablesOf(service).databaseUrl),
);
