import type { Logger } from '../log/logger.ts';
import type { Pool } from '../postgres/pool.ts';
import { KEYED_FLAG } from './schema.ts';
import { LOST_WORKERS } from './worker-heartbeat.ts';

/** Number of jobs of one task, by state. */
export interface TaskBacklog {
  readonly task: string;
  /** Jobs that are due, running, or scheduled for later. */
  readonly waiting: number;
  /** Waiting jobs whose last attempt failed. */
  readonly failing: number;
  /** Jobs that are not tried any more. */
  readonly dead: number;
  /** Time since the oldest waiting job became due. Seconds. 0: no job is due. */
  readonly oldestSeconds: number;
}

/**
 * Unlocks jobs of lost workers, deletes replaced jobs, and corrects times that were written before the clock
 * went back.
 */
export async function maintainJobs(pool: Pool, logger: Logger): Promise<void> {
  const { rows } = await pool.query<{ workerId: string; jobs: number }>(LOST_WORKERS);
  if (rows.length > 0) {
    const jobs = rows.reduce((sum, row) => sum + row.jobs, 0);
    logger.warn({ jobs }, 'outbox jobs of lost workers were unlocked');
    const workerIds = rows.map(({ workerId }) => workerId);
    await pool.query('select graphile_worker.force_unlock_workers($1::text[])', [workerIds]);
  }
  await pool.query(DROP_REPLACED);
  await pool.query(SHIFT_MISDATED);
}

/** Counts the jobs, by task. */
export async function readBacklog(pool: Pool): Promise<TaskBacklog[]> {
  return (await pool.query<TaskBacklog>(BACKLOG)).rows;
}

const DROP_REPLACED = {
  name: 'outbox-drop-replaced',
  text: `delete from graphile_worker._private_jobs
    where key is null and flags ? '${KEYED_FLAG}' and locked_at is null`,
};

// A job with a time in the future was written before the clock went back. It keeps its delay; a job whose
// caller named a time keeps that time. One second allows for rounding.
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

/** A job that is not tried any more. */
export interface DeadJob {
  readonly id: string;
  readonly task: string;
  readonly attempts: number;
  /** Error of the last attempt. Null when the process ended during it. */
  readonly error: string | null;
  readonly createTime: Date;
  readonly failTime: Date;
}

/** Lists and retries the dead jobs of an outbox. */
export interface DeadJobs {
  /**
   * Lists dead jobs, those that died first at the beginning.
   * @param limit default: 100
   */
  listDead(limit?: number): Promise<DeadJob[]>;
  /**
   * Retries dead jobs, with all their attempts.
   * @param ids default: all
   * @returns the number of jobs
   */
  retryDead(ids?: readonly string[]): Promise<number>;
}

/** Opens the dead jobs of a database, whether or not its outbox runs. */
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

// A job that has lost its key was replaced and is about to be deleted.
const IS_DEAD = `attempts >= max_attempts and locked_at is null and not (key is null and flags ? 'keyed')`;

const LIST = `select id::text, task_identifier as task, attempts::int, last_error as error, created_at as "createTime",
    updated_at as "failTime"
  from graphile_worker.jobs where ${IS_DEAD} order by updated_at, id limit $1`;

const RETRY = `select from graphile_worker.reschedule_jobs(
    array(select id from graphile_worker.jobs where ${IS_DEAD} and ($1::bigint[] is null or id = any($1::bigint[]))),
    run_at => now(), attempts => 0)`;
