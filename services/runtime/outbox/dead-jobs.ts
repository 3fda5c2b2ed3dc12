import type { Pool } from '../postgres/pool.ts';

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
