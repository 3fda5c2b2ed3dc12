import type { Logger } from '../log/logger.ts';
import type { Pool } from '../postgres/pool.ts';
import { KEYED_FLAG } from './schema.ts';
import { LOST_WORKERS } from './worker-heartbeat.ts';

/** The jobs of one task, now. */
export interface TaskBacklog {
  readonly task: string;
  /** Those that are to be done, or at work; also those that wait for their time. */
  readonly waiting: number;
  /** Those of them that failed before. */
  readonly failing: number;
  /** Those that nobody tries any more. */
  readonly dead: number;
  /** How long the oldest of those waiting has been due, in seconds; 0: none is. */
  readonly oldestSeconds: number;
}

/** Frees the jobs of workers that are gone, drops what was replaced, and lets no job wait for a time before the clock went back. */
export async function maintainJobs(pool: Pool, logger: Logger): Promise<void> {
  const { rows } = await pool.query<{ holder: string; jobs: number }>(LOST_WORKERS);
  if (rows.length > 0) {
    const jobs = rows.reduce((sum, row) => sum + row.jobs, 0);
    logger.warn({ jobs }, 'outbox jobs of workers that are gone are free again');
    const holders = rows.map(({ holder }) => holder);
    await pool.query('select graphile_worker.force_unlock_workers($1::text[])', [holders]);
  }
  await pool.query(DROP_REPLACED);
  await pool.query(SHIFT_MISDATED);
}

/** What waits, by task. */
export async function readBacklog(pool: Pool): Promise<TaskBacklog[]> {
  return (await pool.query<TaskBacklog>(BACKLOG)).rows;
}

const DROP_REPLACED = {
  name: 'outbox-drop-replaced',
  text: `delete from graphile_worker._private_jobs
    where key is null and flags ? '${KEYED_FLAG}' and locked_at is null`,
};

// A job that was written in the future was written before the clock went back. It waits as long as it was to wait then; one whose
// caller named a time keeps that time. A second is more than rounding.
const SHIFT_MISDATED = {
  name: 'outbox-shift-misdated',
  text: `update graphile_worker._private_jobs
    set run_at = now() + greatest(run_at - greatest(created_at, updated_at), interval '0'), created_at = least(created_at, now()),
      updated_at = now()
    where greatest(created_at, updated_at) > now() + interval '1 second' and locked_at is null
      and (attempts > 0 or run_at <= created_at + interval '1 second')`,
};

const BACKLOG = {
  name: 'outbox-backlog',
  text: `select task_identifier as task,
      (count(*) filter (where not is_dead))::int as waiting,
      (count(*) filter (where not is_dead and last_error is not null))::int as failing,
      (count(*) filter (where is_dead))::int as dead,
      coalesce(greatest(extract(epoch from now() - min(run_at) filter (where not is_dead)), 0), 0)::float8 as "oldestSeconds"
    from graphile_worker.jobs, lateral (select attempts >= max_attempts and locked_at is null as is_dead)
    group by task_identifier order by task_identifier`,
};

/** A job that nobody tries any more. */
export interface DeadJob {
  readonly id: string;
  readonly task: string;
  readonly attempts: number;
  /** What the last attempt said; null: it ended with its process. */
  readonly error: string | null;
  readonly createTime: Date;
  readonly failTime: Date;
}

/** The dead of a database's outbox, for whoever looks after it. */
export interface DeadJobs {
  /** Those that died first. @param limit default 100 */
  listDead(limit?: number): Promise<DeadJob[]>;
  /** Has them tried anew, with all their attempts. Answers how many. @param ids default: all */
  retryDead(ids?: readonly string[]): Promise<number>;
}

/** Looks into the outbox of a database, with or without one that runs. */
export function createDeadJobs(pool: Pool): DeadJobs {
  return {
    async listDead(limit = 100) {
      return (await pool.query<DeadJob>(LIST, [limit])).rows;
    },
    async retryDead(ids) {
      return (await pool.query(RETRY, [ids ?? null])).rowCount ?? 0;
    },
  };
}

// A job with a key that has it no more was replaced, and is about to go.
const IS_DEAD = `attempts >= max_attempts and locked_at is null and not (key is null and flags ? 'keyed')`;

const LIST = `select id::text, task_identifier as task, attempts::int, last_error as error, created_at as "createTime",
    updated_at as "failTime"
  from graphile_worker.jobs where ${IS_DEAD} order by updated_at, id limit $1`;

const RETRY = `select from graphile_worker.reschedule_jobs(
    array(select id from graphile_worker.jobs where ${IS_DEAD} and ($1::bigint[] is null or id = any($1::bigint[]))),
    run_at => now(), attempts => 0)`;
