import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Secret } from '../secret.ts';

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));
const DEFAULT_PORT = '54320';

/** Name of the file in the data directory of `npm start` that the passwords of its PostgreSQL derive from. */
export const SECRET_FILE = 'postgres-secret';

/** The password of a role in the PostgreSQL of `npm start`: letters, digits, `-` and `_`. */
export function localPassword(secret: string, role: string): string {
  return createHmac('sha256', secret).update(role).digest('base64url');
}

/** The directory in which `npm start` keeps its data. Undefined: there is none. */
export function localDataDirectory(env: NodeJS.ProcessEnv): string | undefined {
  const path = resolve(CHECKOUT, env.ROLLCALL_DATA_DIR?.trim() || '.rollcall');
  return existsSync(path) ? path : undefined;
}

/**
 * The address of a database in the PostgreSQL of `npm start`, whether that runs or not.
 * Undefined: this checkout has none, or its secret belongs to another user.
 */
export function localDatabaseUrl(
  env: NodeJS.ProcessEnv,
  { database, role }: { readonly database: string; readonly role: string },
): Secret | undefined {
  const directory = localDataDirectory(env);
  if (directory === undefined) return undefined;
  try {
    const secret = readFileSync(join(directory, SECRET_FILE), 'utf8').trim();
    const port = env.POSTGRES_PORT?.trim() || DEFAULT_PORT;
    return new Secret(`postgres://${role}:${localPassword(secret, role)}@127.0.0.1:${port}/${database}`);
  } catch {
    return undefined;
  }
}
