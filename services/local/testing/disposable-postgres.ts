import { chmodSync, rmSync } from 'node:fs';
import { removePostgresHome } from '../postgres/placement.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/start-embedded-postgres.ts';

/**
 * Starts a Postgres for tests, on a free port and without waiting for the disk. Disposing removes the data
 * directory too.
 * @param dataDirectory real path of an empty directory
 * @param databases services that each get a role and a database of their name
 */
export async function startDisposablePostgres(
  dataDirectory: string,
  databases: readonly string[],
): Promise<EmbeddedPostgres> {
  // When root runs this, the server's own user must be able to enter the directory.
  chmodSync(dataDirectory, 0o711);
  const remove = () => {
    removePostgresHome(dataDirectory);
    rmSync(dataDirectory, { recursive: true, force: true });
  };
  try {
    const settings = { max_connections: '300' };
    const postgres = await startEmbeddedPostgres({
      dataDirectory,
      port: 0,
      databases,
      settings,
      durable: false,
    });
    const stop = async () => {
      await postgres[Symbol.asyncDispose]();
      remove();
    };
    return { ...postgres, [Symbol.asyncDispose]: stop };
  } catch (error) {
    remove();
    throw error;
  }
}
