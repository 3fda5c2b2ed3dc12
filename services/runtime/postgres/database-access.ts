import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  booleanSetting,
  databaseUrlSetting,
  integerSetting,
  optional,
  readConfig,
} from '../config/config.ts';
import { Secret } from '../config/secret.ts';
import { localDataDirectory, withLocalPorts } from '../processes/local-start.ts';

/** Settings that lead a process to its database. */
export interface DatabaseAccess {
  readonly databaseUrl: Secret;
  /** Whether `databaseUrl` leads to a pooler in transaction mode. */
  readonly isPooled: boolean;
  /**
   * URL of the database without the pooler, for work that needs its own session. Undefined: `databaseUrl`
   * leads there.
   */
  readonly directDatabaseUrl: Secret | undefined;
}

/** The settings besides PREFIX_DATABASE_URL that lead to a database. */
export function databaseAccessSettings(prefix: string, { needsDirect }: { needsDirect: string }) {
  return {
    isPooled: booleanSetting({
      variable: `${prefix}_DATABASE_POOLED`,
      default: 'false',
      doc: `Whether ${prefix}_DATABASE_URL leads to a pooler in transaction mode, as pgbouncer 1.21 or newer; statement timeouts then come from the database, where \`npm run migrate\` sets them.`,
    }),
    directDatabaseUrl: optional(
      databaseUrlSetting({
        variable: `${prefix}_DATABASE_DIRECT_URL`,
        doc: `The same database without the pooler, for ${needsDirect}; unset: ${prefix}_DATABASE_URL.`,
      }),
    ),
  } as const;
}

const SETTINGS = {
  port: integerSetting({
    variable: 'POSTGRES_PORT',
    default: '54320',
    min: 1,
    max: 65_535,
    doc: 'Port of the PostgreSQL of npm start.',
  }),
};

/** Name of the PostgreSQL of `npm start` in messages, in place of a variable. */
export const LOCAL_DATABASE = 'the database of npm start';

/** Name of the file in the data directory of `npm start` that holds the secret of its database passwords. */
export const SECRET_FILE = 'postgres-secret';

/** The password of a role in the PostgreSQL of `npm start`: letters, digits, `-` and `_`. */
export function localPassword(secret: string, role: string): string {
  return createHmac('sha256', secret).update(role).digest('base64url');
}

/**
 * URL of a database in the PostgreSQL of `npm start`, even if it does not run. Undefined when this checkout
 * has none, or its secret belongs to another user.
 * @throws StartupError when POSTGRES_PORT is invalid
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

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const DEFAULT_PORT = '5432';

/**
 * Whether two URLs of `databaseUrlSetting` name the same database, whatever the role. Compares host names
 * without a lookup; all names of loopback are equal.
 */
export function isSameDatabase(one: Secret, other: Secret): boolean {
  return placeOf(one) === placeOf(other);
}

function placeOf(secret: Secret): string {
  const { hostname, port, pathname } = new URL(secret.reveal());
  const host = LOOPBACK.includes(hostname.toLowerCase()) ? 'localhost' : hostname.toLowerCase();
  return JSON.stringify([host, port || DEFAULT_PORT, decodeURIComponent(pathname)]);
}
