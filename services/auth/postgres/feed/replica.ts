import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '@rollcall/runtime/postgres';
import type { UserReads } from '../../users/reading/user-reads.ts';
import { FEED_IDENTITY } from './postgres-change-log.ts';

/** A read replica and how far it has caught up. */
export interface Replica extends AsyncDisposable {
  readonly reads: UserReads;
  /**
   * Time on this process's clock. The replica has everything that was committed before. Milliseconds;
   * -Infinity when unknown or when the replica does not answer.
   */
  readonly completeUntilMs: number;
  /** Marks the replica as failed until the next successful observation. */
  fail(): void;
}

/** Options of `followReplica`. */
interface ReplicaOptions {
  readonly reads: UserReads;
  readonly pool: Pool;
  readonly primary: Pool;
  /**
   * The feed that this process follows; undefined when not known yet. A replica of another feed is not read.
   */
  readonly feed: () => string | undefined;
  /** Called when the replica becomes usable, and when it stops being usable. */
  readonly onChange: (isAnswering: boolean, error?: unknown) => void;
  /**
   * Time between two observations. Milliseconds.
   * @defaultValue 100
   */
  readonly pollMs?: number;
}

const POLL_MS = 100;
const MAX_OBSERVATIONS = 64;

interface LogObservation {
  readonly atMs: number;
  readonly lsn: bigint;
}

/** How far the log of a server has come, and which feed its database holds. */
interface LogPosition {
  readonly lsn: bigint;
  readonly feed: string;
}

/**
 * Follows a streaming replica by comparing how far the primary has written and the replica has replayed its
 * log.
 * No clocks are compared, so that none can be wrong. Log positions are compared within one feed only: a
 * replica that kept log which the promoted server lacks is ahead, but misses what came since. A commit with
 * `synchronous_commit = off` may show on the replica shortly before its log position says so.
 */
export function followReplica(options: ReplicaOptions): Replica {
  const { reads, pool, primary, feed, onChange, pollMs = POLL_MS } = options;
  const closing = new AbortController();
  let observations: LogObservation[] = [];
  let completeUntilMs = Number.NEGATIVE_INFINITY;
  let isAnswering = false;
  const reportAnswering = (answers: boolean, error?: unknown) => {
    if (answers !== isAnswering) onChange(answers, error);
    isAnswering = answers;
  };
  const fail = (error?: unknown) => {
    observations = [];
    completeUntilMs = Number.NEGATIVE_INFINITY;
    reportAnswering(false, error);
  };
  const observe = async () => {
    const atMs = performance.now();
    const written = await readLogPosition(primary, WRITTEN);
    if (written && written.feed === feed())
      observations = [...observations.slice(1 - MAX_OBSERVATIONS), { atMs, lsn: written.lsn }];
    const replayed = await readLogPosition(pool, REPLAYED);
    // The server is not a replica, no longer a replica, or a replica of another feed.
    if (replayed === undefined || replayed.feed !== feed()) return fail();
    const known = observations.findLast(({ lsn }) => lsn <= replayed.lsn);
    if (known) completeUntilMs = known.atMs;
    reportAnswering(true);
  };
  const following = (async () => {
    while (!closing.signal.aborted) {
      await observe().catch(fail);
      await sleep(pollMs, undefined, { signal: closing.signal }).catch(() => {});
    }
  })();
  return {
    reads,
    get completeUntilMs() {
      return completeUntilMs;
    },
    fail,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await following;
    },
  };
}

const WRITTEN = {
  name: 'wal_written',
  text: `select pg_current_wal_flush_lsn()::text as lsn, ${FEED_IDENTITY} as feed`,
};
// `line` is written by the primary, so it shows which feed has been replayed.
const REPLAYED = {
  name: 'wal_replayed',
  text: `select case when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text end as lsn, line as feed
    from user_change_feed`,
};

async function readLogPosition(
  pool: Pool,
  statement: { name: string; text: string },
): Promise<LogPosition | undefined> {
  const { rows } = await pool.query<{ lsn: string | null; feed: string | null }>(statement);
  const { lsn, feed } = rows[0] ?? {};
  const [high, low] = lsn?.split('/') ?? [];
  if (high === undefined || low === undefined || feed === undefined || feed === null) return undefined;
  return { lsn: (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`), feed };
}
