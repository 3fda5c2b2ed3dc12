import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { localPassword, SECRET_FILE, StartupError } from '@rollcall/runtime';
import { makeKeptFile, readKeptFile } from '../data-directory/secret-file.ts';

/** Name of the superuser of an embedded Postgres. */
export const SUPERUSER = 'postgres';

/** The passwords of one embedded Postgres: all of them derive from one secret, so that only one has to be kept. */
export interface Credentials {
  /** @param role a role of that database. Returns letters, digits, `-` and `_` only, so it needs no escaping in a URL. */
  passwordOf(role: string): string;
}

/**
 * The credentials that lie in a data directory, readable for their owner only.
 * @param dataDirectory a directory that exists
 * @param isNew whether there is no database yet, so that they may be made
 * @throws StartupError where they belong to somebody else, or are missing though there is a database
 */
export function keepCredentials(dataDirectory: string, isNew: boolean): Credentials {
  const path = join(dataDirectory, SECRET_FILE);
  const secret = readKeptFile(path)?.trim() ?? (isNew ? makeSecret(path) : undefined);
  if (secret === undefined) {
    throw new StartupError(
      `${path} is missing, without which the database beside it cannot be opened: put it back, or begin anew with "npm start -- --reset"`,
    );
  }
  return { passwordOf: (role) => localPassword(secret, role) };
}

function makeSecret(path: string): string {
  return makeKeptFile(path, `${randomBytes(32).toString('base64url')}\n`).trim();
}
