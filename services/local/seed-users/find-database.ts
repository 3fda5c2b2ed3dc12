import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { databaseAccessSettings, readConfig, Secret, StartupError } from '@rollcall/runtime';
import { explainDatabaseFault, requireDirect, sqlState } from '@rollcall/runtime/postgres';
import { createKeyring, type Keyring } from '@rollcall/runtime/sealing';
import { Client } from 'pg';
import type { LocalConfig } from '../config.ts';
import { KEYS_FILE, readOrCreateAuthKeys } from '../data-directory/secrets.ts';
import { readOrCreateCredentials } from '../postgres/initialize.ts';

/** The auth service's database, as its owner, and the keys of its contact data. */
export interface AuthDatabase {
  readonly url: string;
  readonly keyring: Keyring;
}

const START_FIRST = 'run "npm start" in another terminal, and this again once Rollcall is ready';

/**
 * Finds the database of a running `npm start`, or the one that AUTH_DATABASE_URL names.
 * @throws StartupError with the cure where it is not there, has no or an older schema, or there are no keys
 */
export async function findAuthDatabase(config: LocalConfig): Promise<AuthDatabase> {
  const { url, variable } = addressOf(config);
  if (variable) await requireDirect(new Secret(url), variable);
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    await client.query('select 1 from user_words limit 1');
  } catch (error) {
    throw toStartupError(error, config);
  } finally {
    await client.end().catch(() => undefined);
  }
  return { url, keyring: keyringOf(config) };
}

function addressOf(config: LocalConfig): { url: string; variable?: string } {
  const { directDatabaseUrl } = databaseAccessSettings('AUTH', { needsDirect: 'npm run sample' });
  const direct = config.authDatabaseUrl && readConfig({ directDatabaseUrl }, config.env).directDatabaseUrl;
  if (direct) return { url: direct.reveal(), variable: directDatabaseUrl.variable };
  if (config.authDatabaseUrl) return { url: config.authDatabaseUrl.reveal(), variable: 'AUTH_DATABASE_URL' };
  return { url: embeddedUrl(config) };
}

function embeddedUrl({ dataDirectory, postgresPort }: LocalConfig): string {
  if (!existsSync(join(dataDirectory, 'postgres-secret')))
    throw new StartupError(`There is no database in ${dataDirectory}: ${START_FIRST}`);
  const password = readOrCreateCredentials(realpathSync(dataDirectory), false).passwordOf('auth');
  return `postgres://auth:${password}@127.0.0.1:${postgresPort}/auth`;
}

// Keys are never made here: who makes others than the service has writes what the service cannot read.
function keyringOf(config: LocalConfig): Keyring {
  const { authEncryptionKeys, authIndexKeys, dataDirectory } = config;
  if (!(authEncryptionKeys && authIndexKeys) && !existsSync(join(dataDirectory, KEYS_FILE))) {
    throw new StartupError(
      `There are no keys for contact data in ${dataDirectory}: ${START_FIRST}, or set AUTH_ENCRYPTION_KEYS and AUTH_INDEX_KEYS as the auth service has them`,
    );
  }
  const keys = readOrCreateAuthKeys(dataDirectory, config);
  return createKeyring({
    encryptionKeys: new Secret(keys.AUTH_ENCRYPTION_KEYS),
    indexKeys: new Secret(keys.AUTH_INDEX_KEYS),
  });
}

function toStartupError(error: unknown, { authDatabaseUrl, postgresPort }: LocalConfig): StartupError {
  if (sqlState(error) === '42P01') {
    const cure = authDatabaseUrl ? 'npm run migrate -- auth' : 'npm start';
    return new StartupError(`The auth service's database has an older schema: run "${cure}" first`);
  }
  const what = authDatabaseUrl
    ? explainDatabaseFault(error, 'AUTH_DATABASE_URL', 'npm run migrate')
    : `No PostgreSQL of Rollcall answers on port ${postgresPort}: ${START_FIRST}`;
  return new StartupError(what, { cause: error });
}
