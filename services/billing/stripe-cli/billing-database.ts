import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandAddress, readConfig, Secret } from '@rollcall/runtime';
import { BILLING_SETTINGS } from '../config.ts';
import { localDataDirectory } from './webhook-secret.ts';

const DEFAULT_PORT = '54320';

/** How the commands reach the database of the billing service. */
export interface BillingDatabase {
  readonly url: Secret;
  /** Whether the URL leads to a pooler in transaction mode. */
  readonly isPooled: boolean;
}

/**
 * Where the database of the billing service is: BILLING_DATABASE_URL, else the one that `npm start` keeps in its data directory.
 * @throws StartupError where there is neither
 */
export function findBillingDatabase(env: NodeJS.ProcessEnv): BillingDatabase {
  if (!env.BILLING_DATABASE_URL?.trim()) {
    const local = localDatabase(env);
    if (local) return { url: local, isPooled: false };
  }
  const { databaseUrl, directDatabaseUrl, isPooled } = BILLING_SETTINGS;
  return commandAddress(readConfig({ databaseUrl, directDatabaseUrl, isPooled }, env));
}

// The roles' passwords derive from one secret: see services/local/postgres/credentials.ts.
function localDatabase(env: NodeJS.ProcessEnv): Secret | undefined {
  const directory = localDataDirectory(env);
  try {
    const secret = readFileSync(join(directory ?? '', 'postgres-secret'), 'utf8').trim();
    const password = createHmac('sha256', secret).update('billing').digest('base64url');
    const port = env.POSTGRES_PORT?.trim() || DEFAULT_PORT;
    return new Secret(`postgres://billing:${password}@127.0.0.1:${port}/billing`);
  } catch {
    return undefined;
  }
}
