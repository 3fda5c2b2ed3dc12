import type pg from 'pg';

/** A statement that is planned once per connection and known there by its name. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/** Runs a statement in the transaction and returns its rows. */
export type RunPrepared = <Row extends pg.QueryResultRow>(
  statement: PreparedStatement,
  values: unknown[],
) => Promise<Row[]>;

/** Runs a statement as its own transaction. */
export async function runPrepared<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: PreparedStatement,
  values: unknown[],
): Promise<Row[]> {
  return (await pool.query<Row>({ ...statement, values })).rows;
}

/**
 * Runs a transaction of prepared statements. Commits when `work` resolves, rolls back when it rejects.
 * @param begin statement that begins it; settings of the transaction may follow. Default: `begin`
 */
export async function transactPrepared<T>(
  pool: pg.Pool,
  work: (run: RunPrepared) => Promise<T>,
  begin = 'begin',
): Promise<T> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    await client.query(begin);
    const result = await work(
      async (statement, values) => (await client.query({ ...statement, values })).rows,
    );
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {
      isBroken = true;
    });
    throw error;
  } finally {
    client.release(isBroken);
  }
}
