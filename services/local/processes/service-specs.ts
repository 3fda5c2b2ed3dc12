import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalConfig } from '../config.ts';
import type { AuthKeys } from '../data-directory/secrets.ts';
import type { SupervisedPostgres } from '../postgres/supervise-postgres.ts';
import { SERVICES, type ServiceName, settingsOf, variablesOf } from '../settings.ts';
import { directAccess, directVariable, OWNER_VARIABLE } from './migrate.ts';
import type { ServiceSpec } from './service-process.ts';

/** Connection URL by service, with password. Never print it. */
export type DatabaseUrls = Readonly<Record<ServiceName, string>>;

/**
 * Returns the database URL of each service: of the settings, else the embedded one.
 * @param postgres undefined when the settings name all databases
 */
export function databaseUrls(
  config: LocalConfig,
  postgres: Pick<SupervisedPostgres, 'databaseUrl'> | undefined,
): DatabaseUrls {
  const urlOf = (service: ServiceName) => {
    const url = settingsOf(config, service).databaseUrl?.reveal() ?? postgres?.databaseUrl(service);
    if (url === undefined) throw new Error(`No Postgres was started for ${service}`);
    return url;
  };
  return byService(urlOf);
}

/** Returns the gRPC address of each service, such as `127.0.0.1:50051`. */
export function grpcAddresses(config: LocalConfig): Readonly<Record<ServiceName, string>> {
  return byService((service) => `127.0.0.1:${settingsOf(config, service).grpcPort}`);
}

/** Returns the base URL of billing, such as `http://127.0.0.1:8084`. */
export function billingBaseUrl(config: LocalConfig): string {
  return `http://127.0.0.1:${settingsOf(config, 'billing').httpPort}`;
}

/** Values for services beside the environment. */
export interface SpecContext {
  readonly urls: DatabaseUrls;
  readonly keys: AuthKeys;
  /** Value of STRIPE_WEBHOOK_SECRETS. */
  readonly stripeSecret: string;
}

/** Settings that only one service has. */
interface OwnSettings {
  /** Variables that no other service inherits. @defaultValue none */
  readonly secrets?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Returns the services to run, in the order in which they start. Each inherits the environment without the
 * database URLs, keys and secrets of others.
 * @param dataDirectory real path
 */
export function serviceSpecs(
  config: LocalConfig,
  dataDirectory: string,
  { urls, ...secrets }: SpecContext,
): ServiceSpec[] {
  const own = ownSettings(config, dataDirectory, secrets);
  return SERVICES.map((name) => {
    const { grpcPort, httpPort } = settingsOf(config, name);
    const variables = variablesOf(name);
    const env = {
      ...withoutSecretsOfOthers(config.env, name, own),
      ...own[name].env,
      ...(config.embedded.includes(name) && directAccess(name)),
      [variables.databaseUrl]: urls[name],
      [variables.grpcPort]: String(grpcPort),
      [variables.httpPort]: String(httpPort),
    };
    const entry = fileURLToPath(new URL(`../../${name}/main.ts`, import.meta.url));
    return { name, entry, env, httpPort, logDirectory: join(dataDirectory, 'logs') };
  });
}

function ownSettings(
  config: LocalConfig,
  dataDirectory: string,
  { keys, stripeSecret }: Omit<SpecContext, 'urls'>,
): Record<ServiceName, OwnSettings> {
  const { env } = config;
  const addresses = grpcAddresses(config);
  // In a separate folder of each service, because other users may pass through the data directory.
  const usersOf = (service: ServiceName) => ({
    AUTH_ADDRESS: addresses.auth,
    [`${service.toUpperCase()}_USERS_SNAPSHOT_PATH`]:
      env[`${service.toUpperCase()}_USERS_SNAPSHOT_PATH`] || join(dataDirectory, service, 'users.snapshot'),
  });
  return {
    auth: {
      secrets: Object.keys(keys),
      // Mails of a trial go into the data directory by default.
      env: { ...keys, AUTH_MAIL_DIRECTORY: env.AUTH_MAIL_DIRECTORY || join(dataDirectory, 'mail') },
    },
    booking: { env: usersOf('booking') },
    vendor: { env: usersOf('vendor') },
    billing: {
      secrets: ['STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRETS'],
      env: {
        ...usersOf('billing'),
        BOOKING_ADDRESS: addresses.booking,
        STRIPE_WEBHOOK_SECRETS: stripeSecret,
      },
    },
  };
}

function withoutSecretsOfOthers(
  env: NodeJS.ProcessEnv,
  name: ServiceName,
  own: Readonly<Record<ServiceName, OwnSettings>>,
): NodeJS.ProcessEnv {
  const others = SERVICES.filter((each) => each !== name);
  const hidden = new Set(
    others.flatMap((each) => [
      ...[variablesOf(each).databaseUrl, directVariable(each)],
      ...(own[each].secrets ?? []),
    ]),
  );
  const isHidden = (variable: string) => hidden.has(variable) || variable === OWNER_VARIABLE;
  return Object.fromEntries(Object.entries(env).filter(([variable]) => !isHidden(variable)));
}

function byService<T>(makeOne: (service: ServiceName) => T): Record<ServiceName, T> {
  return Object.fromEntries(SERVICES.map((service) => [service, makeOne(service)])) as Record<ServiceName, T>;
}
