import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { integerSetting, readConfig } from '../config/config.ts';
import { Secret } from '../config/secret.ts';
import { localDataDirectory, withLocalPorts } from '../processes/local-start.ts';

const SETTINGS = {
  port: integerSetting({
    variable: 'POSTGRES_PORT',
    default: '54320',
    min: 1,
    max: 65_535,
    doc: 'Port of the PostgreSQL of npm start.',
  }),
};

/** What messages call the PostgreSQL of `npm start`, where another database has the name of its variable. */
export const LOCAL_DATABASE = 'the database of npm start';

/** Name of the file in the data directory of `npm start` that the passwords of its PostgreSQL derive from. */
export const SECRET_FILE = 'postgres-secret';

/** The password of a role in the PostgreSQL of `npm start`: letters, digits, `-` and `_`. */
export function localPassword(secret: string, role: string): string {
  return createHmac('sha256', secret).update(role).digest('base64url');
}

/**
 * The address of a database in the PostgreSQL of `npm start`, whether that runs or not.
 * Undefined: this checkout has none, or its secret belongs to another user.
 * @throws StartupError where POSTGRES_PORT is no port
 */
export function localDatabaseUrl(
  env: NodeJS.ProcessEnv,
  { database, role }: { readonly database: string; readonly role: string },
): Secret | undefined {
  const directory = localDataDirectory(env);
  if (directory === undefined) return undefined;
  const { port } = readConfig(SETTINGS, withLocalPorts(env));
  try {
    const secret = readFileSync(join(directory, SECRET_FILE), 'utf8').trim();
    return new Secret(`postgres://${role}:${localPassword(secret, role)}@127.0.0.1:${port}/${database}`);
  } catch {
    return undefined;
  }
}
