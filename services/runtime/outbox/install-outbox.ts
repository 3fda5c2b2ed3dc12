import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import type { Secret } from '../config/secret.ts';
import type { Logger } from '../log/logger.ts';
import { surviveBrokenConnections } from '../postgres/bounded-pool.ts';
import type { Pool } from '../postgres/pool.ts';
import { StartupError } from '../startup-error.ts';
import { OUTBOX_SCHEMA } from './outbox-schema.ts';
import { toWorkerLogger } from './worker-logger.ts';

/** The newest migration of graphile-worker 0.18, which this was written against. */
const WORKER_MIGRATION = 20;

/** Brings the outbox of a database up to date, as the owner of the database. Again: nothing changes. */
export async function installOutbox(url: Secret, logger: Logger): Promise<void> {
  const pool = new pg.Pool({
    connectionString: url.reveal(),
    max: 1,
    // It takes as long as it takes, whatever the database says of other sessions.
    onConnect: (client) => client.query('set statement_timeout = 0'),
  });
  surviveBrokenConnections(pool);
  try {
    await runMigrations({ pgPool: pool, schema: 'graphile_worker', logger: toWorkerLogger(logger) });
    await pool.query(OUTBOX_SCHEMA);
  } finally {
    await pool.end();
  }
}

/** @throws StartupError where the database has no outbox, or an older one. */
export async function requireOutbox(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ exists: boolean }>(
    `select to_regprocedure('outbox.add_jobs(json)') is not null
       and to_regclass('graphile_worker.migrations') is not null as exists`,
  );
  const newest = rows[0]?.exists
    ? await pool.query<{ id: number }>('select max(id) as id from graphile_worker.migrations')
    : undefined;
  if ((newest?.rows[0]?.id ?? 0) < WORKER_MIGRATION)
    throw new StartupError('The database has no outbox, or an older one: run npm run migrate');
}
