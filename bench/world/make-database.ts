import type { EmbeddedPostgres } from '@rollcall/local';
import pg from 'pg';

/** Makes an empty database, unless it is there, and answers its URL, as the superuser. */
export async function makeDatabase(postgres: EmbeddedPostgres, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgres.adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  return adminUrlOf(postgres, name);
}

/** URL of a database, as the superuser. */
export function adminUrlOf({ adminUrl }: EmbeddedPostgres, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}
