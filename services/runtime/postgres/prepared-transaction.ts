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

/** Runs a statement on a connection of MikroORM's own, as a transaction by itself. */
export async function runPrepared<Row extends pg.QueryResultRow>(
  orm: MikroORM,
  statement: PreparedStatement,
  values: unknown[],
): Promise<Row[]> {
  return (await (await poolOf(orm)).query<Row>(toQuery(statement, values))).rows;
}

/**
 * A transaction of prepared statements, on a connection of MikroORM's own: for writes that are too hot for it. Commits
 * when `work` resolves, rolls back where it rejects.
 */
export async function transactPrepared<T>(orm: MikroORM, work: (run: RunPrepared) => Promise<T>): Promise<T> {
  const client = await (await poolOf(orm)).connect();
  let isBroken = false;
  try {
    await client.query('begin');
    const result = await work(
      async (statement, values) => (await client.query(toQuery(statement, values))).rows,
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

function poolOf(orm: MikroORM): Promise<pg.Pool> {
  return orm.em.getConnection().getNativeClient();
}

// MikroORM's connections leave times as text, for it to read.
function toQuery(statement: PreparedStatement, values: unknown[]) {
  return { ...statement, values, types: pg.types };
}
