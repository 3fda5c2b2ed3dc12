import {
  commandAddress,
  databaseAccessSettings,
  databaseUrlSetting,
  localDatabaseUrl,
  readConfig,
  type Secret,
} from '@rollcall/runtime';

/** The variable that names the database of the auth service. */
export const DATABASE_VARIABLE = 'AUTH_DATABASE_URL';

const SETTINGS = {
  databaseUrl: databaseUrlSetting({
    variable: DATABASE_VARIABLE,
    doc: 'PostgreSQL database of the auth service.',
  }),
  ...databaseAccessSettings('AUTH', { needsDirect: 'commands' }),
};

/** How a command reaches the database of the auth service. */
export interface CommandDatabase {
  readonly url: Secret;
  /** Whether the URL leads to a pooler in transaction mode. */
  readonly isPooled: boolean;
}

/**
 * Where the database of the auth service is: AUTH_DATABASE_URL, else the one that `npm start` keeps in its data directory.
 * @param localRole in the database of `npm start`; default `auth`, the role of the service.
 * @throws StartupError where there is neither
 */
export function findCommandDatabase(
  env: NodeJS.ProcessEnv,
  localRole: 'auth' | 'auth_owner' = 'auth',
): CommandDatabase {
  if (!env[DATABASE_VARIABLE]?.trim()) {
    const url = localDatabaseUrl(env, { database: 'auth', role: localRole });
    if (url) return { url, isPooled: false };
  }
  return commandAddress(readConfig(SETTINGS, env));
}
