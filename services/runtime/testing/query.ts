import { Client, Pool } from 'pg';
import { surviveBrokenConnections } from '../postgres/bounded-pool.ts';

/** Runs one statement over its own connection and returns the rows. */
export async function query<Row extends object = Record<string, unknown>>(
  url: string,
  statement: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  // Emitted when the server is killed; the query rejects too.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(statement, values)).rows;
  } finally {
    await client.end();
  }
}

/** Creates a pool for the statements of a test. Disposing closes its connections. */
export function openTestPool(url: string, max = 1): Pool & AsyncDisposable {
  const pool = new Pool({ connectionString: url, max });
  surviveBrokenConnections(pool);
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}
