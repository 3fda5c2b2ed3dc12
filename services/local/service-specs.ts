import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AuthKeys } from './auth-keys.ts';
import type { LocalConfig } from './config.ts';
import { DATABASES } from './databases.ts';
import { databaseVariable } from './migrate.ts';
import type { EmbeddedPostgres } from './postgres/start-embedded-postgres.ts';
import type { ServiceSpec } from './service-process.ts';
import { LOCAL_SETTINGS } from './settings.ts';

/** Where booking keeps the names of users for its next start. Of its own, because others may pass through the data directory. */
export const BOOKING_FOLDER = 'booking';

/** Connection URL by service, passwords included: never to be printed. */
export type DatabaseUrls = Readonly<Record<(typeof DATABASES)[number], string>>;

/**
 * Where each service's database is: the one that the settings name, else the embedded one.
 * @param postgres undefined where the settings name them all
 */
export function databaseUrls(config: LocalConfig, postgres: EmbeddedPostgres | undefined): DatabaseUrls {
  const outside = { auth: config.authDatabaseUrl, booking: config.bookingDatabaseUrl };
  const urlOf = (service: (typeof DATABASES)[number]) => {
    const url = outside[service]?.reveal() ?? postgres?.databaseUrl(service);
    if (url === undefined) throw new Error(`No Postgres was started for ${service}`);
    return url;
  };
  return { auth: urlOf('auth'), booking: urlOf('booking') };
}

/**
 * The services to run, in the order in which they start. Each inherits the environment, but of the databases' URLs its own only,
 * and keys only where they are its own.
 * @param dataDirectory real path
 */
export function serviceSpecs(
  config: LocalConfig,
  dataDirectory: string,
  { urls, keys }: { urls: DatabaseUrls; keys: AuthKeys },
): ServiceSpec[] {
  const inherited = { ...config.env };
  for (const name of [...DATABASES.map(databaseVariable), ...Object.keys(keys)]) delete inherited[name];
  const spec = (name: (typeof DATABASES)[number], httpPort: number, env: NodeJS.ProcessEnv): ServiceSpec => ({
    name,
    entry: fileURLToPath(new URL(`../${name}/main.ts`, import.meta.url)),
    env: { ...inherited, [databaseVariable(name)]: urls[name], ...env },
    httpPort,
    logDirectory: join(dataDirectory, 'logs'),
  });
  return [
    spec('auth', config.authHttpPort, {
      ...keys,
      // Mails are somebody's who tries it out: they lie where everything else does, unless told otherwise.
      AUTH_MAIL_DIRECTORY: config.env.AUTH_MAIL_DIRECTORY || join(dataDirectory, 'mail'),
      [LOCAL_SETTINGS.authGrpcPort.variable]: String(config.authGrpcPort),
      [LOCAL_SETTINGS.authHttpPort.variable]: String(config.authHttpPort),
    }),
    spec('booking', config.bookingHttpPort, {
      [LOCAL_SETTINGS.bookingGrpcPort.variable]: String(config.bookingGrpcPort),
      [LOCAL_SETTINGS.bookingHttpPort.variable]: String(config.bookingHttpPort),
      AUTH_ADDRESS: `127.0.0.1:${config.authGrpcPort}`,
      BOOKING_USERS_SNAPSHOT_PATH:
        inherited.BOOKING_USERS_SNAPSHOT_PATH || join(dataDirectory, BOOKING_FOLDER, 'users.snapshot'),
    }),
  ];
}
