import type { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';

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

/**
 * A transaction of prepared statements, on a connection of MikroORM's own: for writes that are too hot for it. Commits
 * when `work` resolves, rolls back where it rejects.
 */
export async function transactPrepared<T>(orm: MikroORM, work: (run: RunPrepared) => Promise<T>): Promise<T> {
  const pool: pg.Pool = await orm.em.getConnection().getNativeClient();
  const client = await pool.connect();
  let isBroken = false;
  try {
    await client.query('begin');
    // MikroORM's connections leave times as text for it to read.
    const result = await work(
      async (statement, values) => (await client.query({ ...statement, values, types: pg.types })).rows,
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
