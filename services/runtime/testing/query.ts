import { Client } from 'pg';

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
