import { createHmac, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '@rollcall/runtime';
import { errorCode } from '../error-code.ts';

/** Name of the superuser of an embedded Postgres. */
export const SUPERUSER = 'postgres';

/** The passwords of one embedded Postgres: all of them derive from one secret, so that only one has to be kept. */
export interface Credentials {
  /** @param role a role of that database. Returns letters, digits, `-` and `_` only, so it needs no escaping in a URL. */
  passwordOf(role: string): string;
}

/** Name of the file in the data directory that the passwords derive from. */
export const SECRET_FILE = 'postgres-secret';

/**
 * The credentials that lie in a data directory, readable for their owner only.
 * @param dataDirectory a directory that exists
 * @param isNew whether there is no database yet, so that they may be made
 * @throws StartupError where they belong to somebody else, or are missing though there is a database
 */
export function keepCredentials(dataDirectory: string, isNew: boolean): Credentials {
  const path = join(dataDirectory, SECRET_FILE);
  const secret = readSecret(path) ?? (isNew ? makeSecret(path) : undefined);
  if (secret === undefined) {
    throw new StartupError(
      `${path} is missing, without which the database beside it cannot be opened: put it back, or begin anew with "npm start -- --reset"`,
    );
  }
  return { passwordOf: (role) => createHmac('sha256', secret).update(role).digest('base64url') };
}

function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (errorCode(error) !== 'EACCES') throw error;
    throw new StartupError(`${path} belongs to another user: start as that user, or set ROLLCALL_DATA_DIR`, {
      cause: error,
    });
  }
}

function makeSecret(path: string): string {
  const draft = `${path}.${process.pid}`;
  const secret = randomBytes(32).toString('base64url');
  writeFileSync(draft, `${secret}\n`, { mode: 0o600 });
  // Whole or not at all, also when the start is killed here.
  linkSync(draft, path);
  rmSync(draft);
  return secret;
}
