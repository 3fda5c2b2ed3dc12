import type { Pool, PoolClient } from 'pg';

// Until whoever lost a connection has heard of it.
const GRACE_MS = 100;

/**
 * Takes connections back that were lent out and never returned. Kysely, beneath MikroORM, does not return a connection
 * whose rollback fails, so each one that breaks inside a transaction would be missing from the pool for ever.
 * @param leaseMs the longest, in ms, that anybody may keep a connection.
 */
export function reclaimClients(pool: Pool, leaseMs: number): void {
  const leases = new Map<PoolClient, NodeJS.Timeout>();
  const take = (client: PoolClient) => {
    if (leases.has(client)) client.release(true);
  };
  pool.on('acquire', (client) => leases.set(client, setTimeout(take, leaseMs, client).unref()));
  pool.on('release', (_, client) => {
    clearTimeout(leases.get(client as PoolClient));
    leases.delete(client as PoolClient);
  });
  pool.on('connect', (client) => {
    client.once('end', () => setTimeout(take, GRACE_MS, client).unref());
  });
}
