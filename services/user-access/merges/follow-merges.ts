import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Logger } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { MetricReading } from '@rollcall/runtime/rpc';
import { lookUpTenants, type UncachedUsers } from './look-up-users.ts';
import { createWatchdog, readCursor, readMerges } from './read-merges.ts';
import { createStoredUsers, type UserColumn } from './stored-users.ts';
import { createAliasStore } from './user-aliases.ts';

export interface FollowMergesOptions {
  /** Pool of the service's own database, which has the tables of `userAccessMigration`. */
  readonly pool: Pool;
  /** `uncached` of `connectUserAccess`. */
  readonly users: UncachedUsers;
  /** Columns with user ids in the service's own tables. */
  readonly columns: readonly UserColumn[];
  readonly logger: Logger;
  /** Called when the feed reported an erasure, or may have reported one before this process listened. */
  readonly onErased?: () => void;
  /**
   * How often the service's tables are searched for new tenants. Milliseconds.
   * @defaultValue 5000
   */
  readonly tenantsMs?: number;
}

/** A running follower of merges. Disposing it stops the follower. */
export interface MergeFollower extends AsyncDisposable {
  /** Metrics: `rollcall_user_merges_…`. */
  readings(): MetricReading[];
}

// The contract's limit of tenants a stream.
const MAX_TENANTS = 1000;
// The first and the longest wait after a broken stream. Milliseconds.
const BACKOFF_MS = { first: 200, longest: 5000 } as const;
// An outage is logged once a minute.
const LOG_EVERY_MS = 60_000;
// The feed sends a message every second.
const MAX_SILENCE_MS = 10_000;

/**
 * Follows the change feed for all tenants of the service's rows, and resumes from the stored cursor. Users
 * are looked up where the feed has no record: all users of a new tenant, and of all tenants when the
 * cursor is too old. The user service may be down.
 */
export function followMerges(options: FollowMergesOptions): MergeFollower {
  const { logger } = options;
  const ending = new AbortController();
  let lastMessageMs = performance.now();
  let loggedMs = Number.NEGATIVE_INFINITY;
  const onMessage = () => {
    lastMessageMs = performance.now();
  };
  const follow = async () => {
    for (let failures = 0; !ending.signal.aborted; ) {
      const startedMs = performance.now();
      const error = await followOnce(options, ending.signal, onMessage).catch((reason: unknown) => reason);
      if (ending.signal.aborted) return;
      failures = error === undefined ? 0 : lastMessageMs > startedMs ? 1 : failures + 1;
      if (error !== undefined && performance.now() - loggedMs > LOG_EVERY_MS) {
        loggedMs = performance.now();
        logger.warn({ error }, 'cannot follow merges of users, retrying');
      }
      const waitMs = Math.min(BACKOFF_MS.first * 2 ** failures, BACKOFF_MS.longest);
      await sleep(waitMs, undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const loop = follow();
  return {
    readings: () => [silenceReading((performance.now() - lastMessageMs) / 1000)],
    async [Symbol.asyncDispose]() {
      ending.abort();
      await loop;
    },
  };
}

/** Reads one stream until it failures or the tenants of the service change. */
async function followOnce(
  { pool, users, columns, logger, onErased, tenantsMs = 5000 }: FollowMergesOptions,
  ending: AbortSignal,
  onMessage: () => void,
): Promise<void> {
  const store = createAliasStore(pool);
  const stored = createStoredUsers(pool, columns);
  const tenantIds = (await stored.tenants()).slice(0, MAX_TENANTS);
  if (tenantIds.length === 0) {
    onMessage();
    await sleep(tenantsMs, undefined, { signal: ending });
    return;
  }
  const before = await store.readPosition();
  const cursor = before?.cursor ?? (await readCursor(users, tenantIds, ending));
  const added = tenantIds.filter((tenantId) => !before?.tenantIds.has(tenantId));
  if (added.length > 0) {
    await lookUpTenants(added, { users, store, stored, columns, signal: ending });
    await store.saveCursor(cursor);
    await store.saveTenants(added);
    // The feed does not report changes of these tenants from before the cursor.
    onErased?.();
    logger.info({ tenants: added.length }, 'following merges of users of new tenants');
  }
  using watchdog = createWatchdog(ending, MAX_SILENCE_MS);
  const tenantsChanged = async () =>
    (await stored.tenants()).slice(0, MAX_TENANTS).join() !== tenantIds.join();
  const timer = setInterval(
    () =>
      void tenantsChanged().then(
        (changed) => changed && watchdog.stop(),
        () => {},
      ),
    tenantsMs,
  );
  const listener = {
    onMessage: () => {
      onMessage();
      watchdog.reset();
    },
    onErased: () => onErased?.(),
  };
  try {
    await readMerges({ tenantIds, cursor }, { users, store, signal: watchdog.signal, listener });
  } catch (error) {
    if (watchdog.isStopped) return;
    if (!isCursorRefused(error)) throw error;
    logger.warn('the change feed cursor is too old: looking up all users again');
    await store.forgetPosition();
  } finally {
    clearInterval(timer);
  }
}

// A cursor that is out of range or invalid cannot be used again.
function isCursorRefused(error: unknown): boolean {
  return (
    error instanceof ConnectError && (error.code === Code.OutOfRange || error.code === Code.InvalidArgument)
  );
}

function silenceReading(seconds: number): MetricReading {
  return {
    name: 'rollcall_user_merges_silence_seconds',
    help: 'Seconds since the last message of the change feed that reports merges of users.',
    type: 'gauge',
    labels: {},
    value: seconds,
  };
}
