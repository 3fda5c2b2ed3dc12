import type pg from 'pg';

/** A statement that is planned once per connection, known there by its name. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/** Runs a statement inside the transaction and answers its rows. */
export type RunPrepared = <Row extends pg.QueryResultRow>(
  statement: PreparedStatement,
  values: unknown[],
) => Promise<Row[]>;

/** Runs a statement as a transaction by itself. */
export async function runPrepared<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: PreparedStatement,
  values: unknown[],
): Promise<Row[]> {
  return (await pool.query<Row>({ ...statement, values })).rows;
}

/**
 * A transaction of prepared statements. Commits when `work` resolves, rolls back where it rejects.
 * @param begin what begins it. Default `begin`; settings of this transaction alone may follow.
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
