import pg from 'pg';

/**
 * A client of pg whose connection ends where an answer takes longer than `limitMs`: a connection that has become a black hole
 * never brings it, and whatever is asked over it later would wait as well. The query rejects with `Query read timeout`.
 *
 * In place of pg's own `query_timeout`, which puts another callback into each query; V8 then keeps the rows of all queries
 * until the next full collection, which every page pays for.
 */
export function punctualClient(limitMs: number): typeof pg.Client {
  return class PunctualClient extends pg.Client {
    // biome-ignore lint/suspicious/noExplicitAny: pg has a dozen signatures for it, which stay as they are.
    override query(config: any, values?: any, callback?: any): any {
      const { stream } = (this as unknown as Connected).connection;
      const timer = setTimeout(() => stream.destroy(new Error('Query read timeout')), limitMs);
      const timed = (then: QueryCallback) => (error: Error, result: pg.QueryResult) => {
        clearTimeout(timer);
        then(error, result);
      };
      if (typeof values === 'function') return super.query(config, timed(values));
      if (typeof callback === 'function') return super.query(config, values, timed(callback));
      return super.query(config, values).finally(() => clearTimeout(timer));
    }
  };
}

type QueryCallback = (error: Error, result: pg.QueryResult) => void;

/** What pg's types leave out. */
interface Connected {
  readonly connection: pg.Connection;
}
