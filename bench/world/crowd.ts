import { type EmbeddedPostgres, writeCrowd } from '@rollcall/local';
import { Secret } from '@rollcall/runtime';
import { createKeyring } from '@rollcall/runtime/sealing';
import pg from 'pg';
import { KEYS } from './start-auth.ts';

/** The tenant of those who are looked for by name. */
export const CROWD_TENANT = 'crowd';
/** As many as benchmarks of search and lists are about. */
export const CROWD_USERS = 1_000_000;

/** Writes the first so many of a crowd, as `npm run sample` does. */
export async function seedCrowd(postgres: EmbeddedPostgres, users: number): Promise<void> {
  const keyring = createKeyring({
    encryptionKeys: new Secret(KEYS.AUTH_ENCRYPTION_KEYS),
    indexKeys: new Secret(KEYS.AUTH_INDEX_KEYS),
  });
  const databaseUrl = postgres.databaseUrl('auth');
  await writeCrowd({ databaseUrl, keyring, tenantId: CROWD_TENANT, users });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}
