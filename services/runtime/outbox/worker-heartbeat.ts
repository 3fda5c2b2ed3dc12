import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../postgres/pool.ts';

// First half of the lock keys: a number that no other code in the database uses.
const LOCK_CLASS = 1_869_967_984;
const RETRY_MS = 500;

/** Shows that a worker is alive by an advisory lock, which Postgres releases when the connection ends. */
export function holdHeartbeat(pool: Pool, workerId: string): AsyncDisposable {
  const ending = new AbortController();
  const hold = async () => {
    while (!ending.signal.aborted) {
      await holdOnce(pool, workerId, ending.signal).catch(() => {});
      await sleep(RETRY_MS, undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const holding = hold();
  return {
    [Symbol.asyncDispose]() {
      ending.abort();
      return holding;
    },
  };
}

/** Holds the lock until the connection breaks or `ending` aborts. */
async function holdOnce(pool: Pool, workerId: string, ending: AbortSignal): Promise<void> {
  const client = await pool.connect();
  const { promise, resolve } = Promise.withResolvers<void>();
  client.once('end', resolve);
  ending.addEventListener('abort', () => resolve(), { once: true });
  try {
    await client.query('select pg_try_advisory_lock($1, hashtext($2))', [LOCK_CLASS, workerId]);
    if (!ending.aborted) await promise;
  } finally {
    client.release(true);
  }
}

/** Workers with jobs but no lock. A worker that has just taken its first job may not have the lock yet. */
export const LOST_WORKERS = {
  name: 'outbox-lost-workers',
  text: `select locked_by as "workerId", count(*)::int as jobs from graphile_worker.jobs
    where locked_at < now() - interval '5 seconds' and not exists (
      select from pg_locks where locktype = 'advisory' and classid = ${LOCK_CLASS} and objsubid = 2
        and database = (select oid from pg_database where datname = current_database())
        and objid::bigint = hashtext(locked_by)::bigint & 4294967295 and granted)
    group by locked_by`,
} as const;
