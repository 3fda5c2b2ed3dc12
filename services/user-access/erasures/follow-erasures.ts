import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Logger } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { MetricReading } from '@rollcall/runtime/rpc';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import { createStoredUsers, type UserColumn } from '../merges/stored-users.ts';
import { type CarryOutOptions, carryOutErasures } from './carry-out-erasures.ts';
import { createErasedStore, type ErasedRows, type ErasedStore, type ErasedUser } from './erased-rows.ts';

/** What following works with. */
export interface FollowErasuresOptions {
  /** Of the service's own database, which has the table of `erasedUsersMigration`. */
  readonly pool: Pool;
  readonly admin: Pick<UserAdminClient, 'listErasures' | 'reportErasure'>;
  /** The name by which the service reports: `booking`. */
  readonly consumer: string;
  /** What the service holds of users. */
  readonly rows: ErasedRows;
  /** Where the service's rows have users. */
  readonly columns: readonly UserColumn[];
  readonly logger: Logger;
  /** How often the owner is asked without an event of the change feed. Milliseconds. Default 60000. */
  readonly everyMs?: number;
}

/** Erasures being carried out. Disposing it stops. */
export interface ErasureFollower extends AsyncDisposable {
  /** Asks the owner now: the change feed told of an erasure. */
  wake(): void;
  /** For /metrics: `rollcall_user_erasures_…`. */
  readings(): MetricReading[];
}

const HOUR_MS = 3_600_000;
/** How often all erasures are looked at, and not only those that this service has not reported. */
const FULL_CHECK_EVERY_MS = 6 * HOUR_MS;
/** For how long rows may still be made by what was known of a user before the erasure: twice the age of what outages answer. */
const SWEEP_AGAIN_MS = 48 * HOUR_MS;
const SWEEP_PAGE = 500;
// One line in ten minutes is enough of an outage.
const LOG_EVERY_MS = 600_000;

/**
 * Clears what a service holds of erased users, and reports that it did. The owner's list of erasures says of whom: an event of the
 * change feed only makes it sooner, so that a service that was down, or lost its place in the feed, misses nobody.
 */
export function followErasures(options: FollowErasuresOptions): ErasureFollower {
  const { pool, rows, columns, logger, everyMs = 60_000 } = options;
  const ending = new AbortController();
  const store = createErasedStore(pool, rows);
  const held = createStoredUsers(pool, columns);
  const { admin, consumer } = options;
  const carryOut: CarryOutOptions = {
    ...{ admin, consumer, store, logger, elsewhere: rows.elsewhere, signal: ending.signal },
    tenants: () => held.tenants(),
  };
  let lookedMs = performance.now();
  let wholeMs = Number.NEGATIVE_INFINITY;
  let toldMs = Number.NEGATIVE_INFINITY;
  let waiting = new AbortController();
  let isAsked = false;
  const lookOnce = async () => {
    const startedMs = performance.now();
    const isWhole = startedMs - wholeMs >= FULL_CHECK_EVERY_MS;
    await carryOutErasures(isWhole, carryOut);
    await sweepAgain(store);
    if (isWhole) wholeMs = startedMs;
    lookedMs = performance.now();
  };
  const follow = async () => {
    while (!ending.signal.aborted) {
      isAsked = false;
      waiting = new AbortController();
      await lookOnce().catch((error: unknown) => {
        if (ending.signal.aborted || performance.now() - toldMs < LOG_EVERY_MS) return;
        toldMs = performance.now();
        logger.warn(
          { error, cure: cureOf(error) },
          'erasures of users cannot be carried out: it is tried again',
        );
      });
      if (isAsked) continue;
      const signal = AbortSignal.any([ending.signal, waiting.signal]);
      await sleep(everyMs, undefined, { signal }).catch(() => {});
    }
  };
  const following = follow();
  return {
    wake() {
      isAsked = true;
      waiting.abort();
    },
    readings: () => [silenceReading((performance.now() - lookedMs) / 1000)],
    async [Symbol.asyncDispose]() {
      ending.abort();
      await following;
    },
  };
}

/** Clears again what came of a user shortly after the erasure, by callers and processes that had not heard of it. */
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
    help: 'How long ago this service last looked whether all erasures are carried out here, and found that they are.',
    type: 'gauge',
    labels: {},
    value: seconds,
  };
}
