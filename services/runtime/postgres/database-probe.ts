import { createPool, type PoolOptions } from './pool.ts';

/** Asks whether a database answers. */
export interface DatabaseProbe extends AsyncDisposable {
  /** Never rejects. */
  isAnswering(): Promise<boolean>;
}

/**
 * A probe with a connection of its own: calls that have all others say nothing about the database.
 * @param options as of the pool that calls use, so that both find the same database.
 */
export function createDatabaseProbe(options: Omit<PoolOptions, 'maxConnections'>): DatabaseProbe {
  const pool = createPool({ ...options, maxConnections: 1 });
  return {
    isAnswering: () =>
      pool.query('select 1').then(
        () => true,
        () => false,
      ),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
