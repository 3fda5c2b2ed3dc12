import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Logger } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { MetricReading } from '@rollcall/runtime/rpc';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import { createStoredUsers, type UserColumn } from '../merges/stored-users.ts';
import { type CarryOutOptions, carryOutErasures } from './carry-out-erasures.ts';
import { createErasedStore, type ErasedRows, type ErasedStore, type ErasedUser } from './erased-rows.ts';

export interface FollowErasuresOptions {
  /** Pool of the service's own database, which has the table of `erasedUsersMigration`. */
  readonly pool: Pool;
  readonly admin: Pick<UserAdminClient, 'listErasures' | 'reportErasure'>;
  /** The name under which the service reports: `booking`. */
  readonly consumer: string;
  /** How the service clears its data of users. */
  readonly rows: ErasedRows;
  /** Columns with user ids in the service's own tables. */
  readonly columns: readonly UserColumn[];
  readonly logger: Logger;
  /**
   * How often the user service is asked without an event of the change feed. Milliseconds.
   * @defaultValue 60000
   */
  readonly everyMs?: number;
}

/** A running follower of erasures. Disposing it stops the follower. */
export interface ErasureFollower extends AsyncDisposable {
  /** Asks the user service now, because the change feed reported an erasure. */
  wake(): void;
  /** Metrics: `rollcall_user_erasures_…`. */
  readings(): MetricReading[];
}

const HOUR_MS = 3_600_000;
/** How often all erasures are checked, and not only the unreported ones. Milliseconds. */
const FULL_CHECK_EVERY_MS = 6 * HOUR_MS;
/**
 * How long after an erasure callers and caches may still write rows of the user: twice the age up to which an
 * outage serves stale users. Milliseconds.
 */
const SWEEP_AGAIN_MS = 48 * HOUR_MS;
const SWEEP_PAGE = 500;
// An outage is logged once in ten minutes.
const LOG_EVERY_MS = 600_000;

/**
 * Clears a service's data of erased users, and reports each. The list of the user service is the source: an
 * event of the change feed only makes a check earlier, so a service that was down, or lost its feed position,
 * misses no user.
 */
export function followErasures(options: FollowErasuresOptions): ErasureFollower {
  const { pool, rows, columns, logger, everyMs = 60_000 } = options;
  const ending = new AbortController();
  const store = createErasedStore(pool, rows);
  const stored = createStoredUsers(pool, columns);
  const { admin, consumer } = options;
  const carryOut: CarryOutOptions = {
    ...{ admin, consumer, store, logger, elsewhere: rows.elsewhere, signal: ending.signal },
    tenants: () => stored.tenants(),
  };
  let checkedMs = performance.now();
  let fullCheckMs = Number.NEGATIVE_INFINITY;
  let loggedMs = Number.NEGATIVE_INFINITY;
  let pause = new AbortController();
  let isWoken = false;
  const checkOnce = async () => {
    const startedMs = performance.now();
    const isFull = startedMs - fullCheckMs >= FULL_CHECK_EVERY_MS;
    await carryOutErasures(isFull, carryOut);
    await sweepAgain(store);
    if (isFull) fullCheckMs = startedMs;
    checkedMs = performance.now();
  };
  const follow = async () => {
    while (!ending.signal.aborted) {
      isWoken = false;
      pause = new AbortController();
      await checkOnce().catch((error: unknown) => {
        if (ending.signal.aborted || performance.now() - loggedMs < LOG_EVERY_MS) return;
        loggedMs = performance.now();
        logger.warn({ error, cure: cureOf(error) }, 'cannot carry out erasures of users, retrying');
      });
      if (isWoken) continue;
      const signal = AbortSignal.any([ending.signal, pause.signal]);
      await sleep(everyMs, undefined, { signal }).catch(() => {});
    }
  };
  const loop = follow();
  return {
    wake() {
      isWoken = true;
      pause.abort();
    },
    readings: () => [silenceReading((performance.now() - checkedMs) / 1000)],
    async [Symbol.asyncDispose]() {
      ending.abort();
      await loop;
    },
  };
}

/** Clears rows that callers and processes without the change wrote shortly after the erasure. */
async function sweepAgain(store: ErasedStore): Promise<void> {
  const since = new Date(Date.now() - SWEEP_AGAIN_MS);
  let after: ErasedUser | undefined;
  do {
    const erased: ErasedUser[] = await store.erasedSince(since, after, SWEEP_PAGE);
    for (const [tenantId, users] of Map.groupBy(erased, (each) => each.tenantId))
      await store.sweep(
        tenantId,
        users.map(({ userId }) => userId),
      );
    after = erased.at(-1);
  } while (after);
}

function cureOf(error: unknown): string {
  const code = error instanceof ConnectError ? error.code : undefined;
  if (code === Code.PermissionDenied)
    return 'grant UserAdminService/ListErasures and UserAdminService/ReportErasure to this caller';
  return code === Code.Unimplemented ? 'upgrade the user service' : '';
}

function silenceReading(seconds: number): MetricReading {
  return {
    name: 'rollcall_user_erasures_silence_seconds',
    help: 'Seconds since this service last confirmed that all erasures are carried out here.',
    type: 'gauge',
    labels: {},
    value: seconds,
  };
}
