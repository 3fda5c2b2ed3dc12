import { commandAddress, localDatabaseUrl, readConfig, type Secret } from '@rollcall/runtime';
import { BILLING_SETTINGS } from '../config.ts';

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
    const local = localDatabaseUrl(env, { database: 'billing', role: 'billing' });
    if (local) return { url: local, isPooled: false };
  }
  const { databaseUrl, directDatabaseUrl, isPooled } = BILLING_SETTINGS;
  return commandAddress(readConfig({ databaseUrl, directDatabaseUrl, isPooled }, env));
}
