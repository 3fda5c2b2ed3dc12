import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '@rollcall/runtime';
import type { Client } from 'pg';

// Advisory lock of all migrating processes of every version. It never changes.
const LOCK = 7_240_518_302;
const LOCK_CLASS = Math.floor(LOCK / 2 ** 32);
const LOCK_OBJECT = LOCK % 2 ** 32;

const POLL_MS = 250;

/** Default of `waitMs`. Our own choice. */
const WAIT_MS = 60_000;

/** Options of waiting for the lock. */
export interface LockOptions {
  /** Variable that names the database, for messages. */
  readonly variable: string;
  /** Called once with a sentence when another process has the lock. */
  readonly onWait?: ((why: string) => void) | undefined;
  /** Longest wait for the lock, in milliseconds. @defaultValue 60000 */
  readonly waitMs?: number | undefined;
}

/**
 * Begins a transaction that holds the lock until it ends. Unlike a session lock it also works on a shared
 * connection.
 * @throws StartupError when another process holds the lock for longer than `waitMs`
 */
export async function takeMigrationLock(client: Client, options: LockOptions): Promise<void> {
  const { variable, onWait, waitMs = WAIT_MS } = options;
  const giveUpAt = performance.now() + waitMs;
  await client.query('begin; set local idle_in_transaction_session_timeout = 0');
  for (let isTold = false; !(await tryLock(client)); isTold = true) {
    const holder = await readHolder(client);
    if (performance.now() >= giveUpAt) {
      throw new StartupError(
        `The database of ${variable} is still locked by another migration after ${waitMs / 1000} s (${inWords(holder)}): let it end, or end it with select pg_terminate_backend(${holder?.pid ?? 'PID'}), and run this again`,
      );
    }
    if (!isTold) {
      onWait?.(
        `waits for another migration of this database (${inWords(holder)}), at most ${waitMs / 1000} s`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ is_ours: boolean }>(
    'select pg_try_advisory_xact_lock($1) as is_ours',
    [LOCK],
  );
  return rows[0]?.is_ours === true;
}

interface Holder {
  readonly pid: number;
  readonly state: string | null;
  readonly since: Date | null;
}

async function readHolder(client: Client): Promise<Holder | undefined> {
  const { rows } = await client.query<Holder>(
    `select pid, state, state_change as since from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and granted and classid = $1 and objid = $2 and objsubid = 1`,
    [LOCK_CLASS, LOCK_OBJECT],
  );
  return rows[0];
}

function inWords(holder: Holder | undefined): string {
  if (!holder) return 'it is about to end';
  const since = holder.since ? ` since ${holder.since.toISOString()}` : '';
  return `session ${holder.pid} of PostgreSQL, ${holder.state ?? 'at work'}${since}`;
}
