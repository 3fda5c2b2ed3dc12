import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '@rollcall/runtime/postgres';
import type { UserReads } from '../../users/reading/user-reads.ts';
import { FEED_IDENTITY } from './postgres-change-log.ts';

/** A read replica, and how far it follows. */
export interface Replica extends AsyncDisposable {
  readonly reads: UserReads;
  /**
   * Point on this process's clock, in ms: all that was committed before it is there. -Infinity: nothing is known, or it does
   * not answer.
   */
  readonly completeUntilMs: number;
  /** It failed: nothing is known of it any more, until it is looked at again. */
  fail(): void;
}

/** What `followReplica` needs. */
export interface ReplicaOptions {
  readonly reads: UserReads;
  readonly pool: Pool;
  readonly primary: Pool;
  /** The feed that this process follows; undefined: none yet. A replica of another one is not read. */
  readonly feed: () => string | undefined;
  /** Told when it begins to be of use, and when it ceases. */
  readonly onChange: (isAnswering: boolean, error?: unknown) => void;
  /** Time in ms between two observations. Default 100. */
  readonly pollMs?: number;
}

const POLL_MS = 100;
const MAX_OBSERVATIONS = 64;

interface LogObservation {
  readonly atMs: number;
  readonly lsn: bigint;
}

/** How far a server's log has come, and which feed its database holds. */
interface LogPosition {
  readonly lsn: bigint;
  readonly feed: string;
}

/**
 * Follows a streaming replica: asks the primary how far its log has come, and the replica how far it has replayed it. No
 * clocks are compared, so that none can be wrong. Places in the log are compared within one feed only: a replica that went
 * on with what a promoted one never got is further, and does not have what came since. What a primary commits without waiting for its disk
 * (`synchronous_commit = off`) may be seen there a moment before its log says so.
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
    // Not a replica, not one any more, or not one of this feed.
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
// What the primary wrote down has been replayed.
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
