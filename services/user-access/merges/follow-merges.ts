import { setTimeout as sleep } from 'node:timers/promises';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Logger } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { MetricReading } from '@rollcall/runtime/rpc';
import { lookUpTenants, type UncachedUsers } from './look-up-users.ts';
import { readCursor, readMerges } from './read-merges.ts';
import { createStoredUsers, type UserColumn } from './stored-users.ts';
import { createAliasStore } from './user-aliases.ts';
import { createWatchdog } from './watchdog.ts';

/** What following works with. */
export interface FollowMergesOptions {
  /** Of the service's own database, which has the tables of user-access. */
  readonly pool: Pool;
  /** `fresh` of `connectUserAccess`. */
  readonly users: UncachedUsers;
  /** Where the service's rows have users. */
  readonly columns: readonly UserColumn[];
  readonly logger: Logger;
  /** Called when the feed told that users were erased, or may have told so unheard. */
  readonly onErased?: () => void;
  /** How often, in ms, tenants are looked for that have their first row. Default 5000. */
  readonly tenantsMs?: number;
}

/** Merges of users being followed. Disposing it stops. */
export interface MergeFollower extends AsyncDisposable {
  /** For /metrics: `rollcall_user_merges_…`. */
  readings(): MetricReading[];
}

// As many as one stream takes, as the contract has it.
const MAX_TENANTS = 1000;
// From the first wait after a break to the longest, in ms.
const BACKOFF_MS = { first: 200, longest: 5000 } as const;
// One line a minute is enough of an outage.
const LOG_EVERY_MS = 60_000;
// The feed says something every second.
const MAX_SILENCE_MS = 10_000;

/**
 * Follows the change feed for the tenants that the service has rows of, from where it was last, also when that was another
 * process. Whom it cannot have heard of it looks up: all users of a tenant that is new, and of all tenants where the feed no
 * longer goes back far enough. The user service need not be there.
 */
export function followMerges(options: FollowMergesOptions): MergeFollower {
  const { logger } = options;
  const ending = new AbortController();
  let heardMs = performance.now();
  let toldMs = Number.NEGATIVE_INFINITY;
  const heard = () => {
    heardMs = performance.now();
  };
  const follow = async () => {
    for (let breaks = 0; !ending.signal.aborted; ) {
      const startedMs = performance.now();
      const error = await followOnce(options, ending.signal, heard).catch((reason: unknown) => reason);
      if (ending.signal.aborted) return;
      breaks = error === undefined ? 0 : heardMs > startedMs ? 1 : breaks + 1;
      if (error !== undefined && performance.now() - toldMs > LOG_EVERY_MS) {
        toldMs = performance.now();
        logger.warn({ error }, 'merges of users cannot be followed: it is tried again');
      }
      const waitMs = Math.min(BACKOFF_MS.first * 2 ** breaks, BACKOFF_MS.longest);
      await sleep(waitMs, undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const following = follow();
  return {
    readings: () => [silenceReading((performance.now() - heardMs) / 1000)],
    async [Symbol.asyncDispose]() {
      ending.abort();
      await following;
    },
  };
}

/** One stream: until it breaks, or there are other tenants. */
async function followOnce(
  { pool, users, columns, logger, onErased, tenantsMs = 5000 }: FollowMergesOptions,
  ending: AbortSignal,
  heard: () => void,
): Promise<void> {
  const store = createAliasStore(pool);
  const held = createStoredUsers(pool, columns);
  const tenantIds = (await held.tenants()).slice(0, MAX_TENANTS);
  if (tenantIds.length === 0) {
    heard();
    await sleep(tenantsMs, undefined, { signal: ending });
    return;
  }
  const before = await store.readPosition();
  const cursor = before?.cursor ?? (await readCursor(users, tenantIds, ending));
  const added = tenantIds.filter((tenantId) => !before?.tenantIds.has(tenantId));
  if (added.length > 0) {
    await lookUpTenants(added, { users, store, held, columns, signal: ending });
    await store.saveCursor(cursor);
    await store.saveTenants(added);
    // The feed tells nothing of these tenants from before the cursor.
    onErased?.();
    logger.info({ tenants: added.length }, 'merges of users are followed');
  }
  using watchdog = createWatchdog(ending, MAX_SILENCE_MS);
  const hasOthers = async () => (await held.tenants()).slice(0, MAX_TENANTS).join() !== tenantIds.join();
  const timer = setInterval(
    () =>
      void hasOthers().then(
        (yes) => yes && watchdog.stop(),
        () => {},
      ),
    tenantsMs,
  );
  const listener = {
    onMessage: () => {
      heard();
      watchdog.reset();
    },
    onErased: () => onErased?.(),
  };
  try {
    await readMerges({ tenantIds, cursor }, { users, store, signal: watchdog.signal, listener });
  } catch (error) {
    if (watchdog.isStopped) return;
    if (!isCursorRefused(error)) throw error;
    logger.warn('the change feed goes back no further: all users are looked up again');
    await store.forgetPosition();
  } finally {
    clearInterval(timer);
  }
}

// A cursor that is not taken, whatever is said of it, is of no use.
function isCursorRefused(error: unknown): boolean {
  return (
    error instanceof ConnectError && (error.code === Code.OutOfRange || error.code === Code.InvalidArgument)
  );
}

function silenceReading(seconds: number): MetricReading {
  return {
    name: 'rollcall_user_merges_silence_seconds',
    help: 'How long ago the change feed was last heard of by whoever follows merges of users.',
    type: 'gauge',
    labels: {},
    value: seconds,
  };
}
