import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig, Secret } from '@rollcall/runtime';
import { BILLING_SETTINGS } from '../config.ts';
import { localDataDirectory } from './webhook-secret.ts';

const DEFAULT_PORT = '54320';

/**
 * Where the database of the billing service is: BILLING_DATABASE_URL, else the one that `npm start` keeps in its data directory.
 * @throws StartupError where there is neither
 */
export function findBillingDatabase(env: NodeJS.ProcessEnv): Secret {
  if (!env.BILLING_DATABASE_URL?.trim()) {
    const local = localDatabase(env);
    if (local) return local;
  }
  const { databaseUrl } = BILLING_SETTINGS;
  return readConfig({ databaseUrl }, env).databaseUrl;
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
