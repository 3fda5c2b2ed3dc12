import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import type { Secret } from '../config/secret.ts';
import type { Logger } from '../log/logger.ts';
import { surviveBrokenConnections } from '../postgres/bounded-pool.ts';
import type { Pool } from '../postgres/pool.ts';
import { StartupError } from '../startup-error.ts';
import { toWorkerLogger } from './worker.ts';

/** The newest migration of graphile-worker 0.18, which this code needs. */
const WORKER_MIGRATION = 20;

/** Installs or updates the outbox of a database, as its owner. Repeating it changes nothing. */
export async function installOutbox(url: Secret, logger: Logger): Promise<void> {
  const pool = new pg.Pool({
    connectionString: url.reveal(),
    max: 1,
    // Migrations may take longer than the timeout of the database.
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

/**
 * Checks that the database has an up-to-date outbox.
 * @throws StartupError when it has none, or an older one
 */
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

// Our own `add_jobs` replaces that of graphile-worker for two reasons: a commit that notifies locks all
// databases of the server until it is on disk; and when a worker takes the job of a key at the same moment,
// theirs adds nothing, although that worker may have read too early.
// https://github.com/graphile/worker/blob/v0.18.0/sql/000020.sql

/** Flag of a job that was added with a key. Without its key it has been replaced. */
export const KEYED_FLAG = 'keyed';

/** The flag of all jobs of a task, by which they are skipped. */
export function taskFlag(task: string): string {
  return `task:${task}`;
}

/**
 * Creates or replaces the outbox. Repeating it does no harm. A change that breaks older code takes another
 * name.
 */
const OUTBOX_SCHEMA = `
create schema if not exists outbox;

create or replace function outbox.add_jobs(specs json) returns void language plpgsql as $$
declare
  spec record;
begin
  insert into graphile_worker._private_tasks (identifier)
    select distinct s->>'task' from json_array_elements(specs) s
    where not exists (select from graphile_worker._private_tasks t where t.identifier = s->>'task')
    on conflict do nothing;
  insert into graphile_worker._private_jobs (task_id, payload, run_at, max_attempts, flags)
    select t.id, s->'payload', coalesce((s->>'run_at')::timestamptz, now()), (s->>'max_attempts')::smallint,
      jsonb_build_object('task:' || t.identifier, true)
    from json_array_elements(specs) with ordinality e(s, place)
    join graphile_worker._private_tasks t on t.identifier = s->>'task'
    where s->>'key' is null order by place;
  -- In one order everywhere, or two transactions could wait for each other.
  for spec in
    select t.id as task_id, s->'payload' as payload, coalesce((s->>'run_at')::timestamptz, now()) as run_at,
      (s->>'max_attempts')::smallint as max_attempts, s->>'key' as key,
      jsonb_build_object('task:' || t.identifier, true, '${KEYED_FLAG}', true) as flags
    from json_array_elements(specs) with ordinality e(s, place)
    join graphile_worker._private_tasks t on t.identifier = s->>'task'
    where s->>'key' is not null order by s->>'key', place
  loop
    loop
      -- A job that is being done, or is dead, gives its key away.
      update graphile_worker._private_jobs set key = null, attempts = max_attempts, updated_at = now()
        where key = spec.key and is_available is not true;
      insert into graphile_worker._private_jobs as jobs (task_id, payload, run_at, max_attempts, key, flags)
        values (spec.task_id, spec.payload, spec.run_at, spec.max_attempts, spec.key, spec.flags)
        on conflict (key) do update set task_id = excluded.task_id, payload = excluded.payload,
          run_at = excluded.run_at, max_attempts = excluded.max_attempts, flags = excluded.flags,
          revision = jobs.revision + 1, attempts = 0, last_error = null, updated_at = now()
        where jobs.is_available;
      -- Else a worker took the job between the two statements.
      exit when found;
    end loop;
  end loop;
end
$$;
`;
