import { Client, Pool } from 'pg';
import { surviveBrokenConnections } from '../postgres/bounded-pool.ts';

/** Runs one statement over a connection of its own, and answers the rows. */
export async function query<Row extends object = Record<string, unknown>>(
  url: string,
  statement: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  // A server that is killed in mid-connection says so here; the query itself rejects too.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(statement, values)).rows;
  } finally {
    await client.end();
  }
}

/** A pool for the statements of a test. Disposing it closes its connections. */
export function openTestPool(url: string, max = 1): Pool & AsyncDisposable {
  const pool = new Pool({ connectionString: url, max });
  surviveBrokenConnections(pool);
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}
