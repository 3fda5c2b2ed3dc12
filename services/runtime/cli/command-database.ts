import { databaseUrlSetting, readConfig } from '../config/config.ts';
import type { Secret } from '../config/secret.ts';
import { databaseAccessSettings, LOCAL_DATABASE, localDatabaseUrl } from '../postgres/database-access.ts';
import { StartupError } from '../startup-error.ts';

/** Access of a command to the database of a service. */
export interface CommandDatabase {
  readonly url: Secret;
  /** Whether the URL leads to a pooler in transaction mode. */
  readonly isPooled: boolean;
  /** The variable that names the database, or `LOCAL_DATABASE`. For messages. */
  readonly variable: string;
  /** The command that brings its schema up to date. For messages. */
  readonly migrate: string;
}

/**
 * Finds the database of a service: the one of its variable, or the one in the data directory of `npm start`.
 * Bypasses a pooler if a second variable says how, because statements of commands may take longer.
 * @param service name of the service: `auth` reads `AUTH_DATABASE_URL`
 * @param localRole role in the database of `npm start`. Default: `service`
 * @throws StartupError when there is no database
 */
export function findCommandDatabase(
  env: NodeJS.ProcessEnv,
  service: string,
  localRole: string = service,
): CommandDatabase {
  const prefix = service.toUpperCase();
  const variable = `${prefix}_DATABASE_URL`;
  if (!env[variable]?.trim()) {
    const local = localDatabaseUrl(env, { database: service, role: localRole });
    if (local) return { url: local, isPooled: false, variable: LOCAL_DATABASE, migrate: 'npm start' };
    throw new StartupError(
      `${variable} is not set, and there is no database of npm start here: run "npm start", or set it to postgres://user:password@host:port/database`,
    );
  }
  const settings = {
    databaseUrl: databaseUrlSetting({ variable, doc: `PostgreSQL database of the ${service} service.` }),
    ...databaseAccessSettings(prefix, { needsDirect: 'commands' }),
  };
  const { databaseUrl, isPooled, directDatabaseUrl } = readConfig(settings, env);
  const migrate = 'npm run migrate';
  if (!directDatabaseUrl) return { url: databaseUrl, isPooled, variable, migrate };
  const { variable: directVariable } = settings.directDatabaseUrl;
  return { url: directDatabaseUrl, isPooled: false, variable: directVariable, migrate };
}
