import { createHmac, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../error-code.ts';

/** Name of the superuser of an embedded Postgres. */
export const SUPERUSER = 'postgres';

/** The passwords of one embedded Postgres: all of them derive from one secret, so that only one has to be kept. */
export interface Credentials {
  /** @param role a role of that database. Returns letters, digits, `-` and `_` only, so it needs no escaping in a URL. */
  passwordOf(role: string): string;
}

/**
 * The credentials that lie in a data directory, readable for their owner only; made at the first call.
 * @param dataDirectory a directory that exists
 */
export function keepCredentials(dataDirectory: string): Credentials {
  const path = join(dataDirectory, 'postgres-secret');
  const secret = readSecret(path) ?? makeSecret(path);
  return { passwordOf: (role) => createHmac('sha256', secret).update(role).digest('base64url') };
}

function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
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
