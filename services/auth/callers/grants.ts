import { type Grant, type Grants, indexGrants, poll } from '@rollcall/runtime/callers';
import type { Pool } from '@rollcall/runtime/postgres';
import { FEED_IDENTITY } from '../postgres/feed/postgres-change-log.ts';

/** Where grants are kept. */
export interface GrantStore {
  /** Counts up with every change. */
  version(): Promise<string>;
  /** All grants, by caller and name. */
  list(): Promise<Grant[]>;
  /** Adds a grant, or replaces the caller's grant of that name. */
  set(grant: Grant): Promise<void>;
  /** Removes one grant of a caller, or all; answers how many there were. */
  remove(caller: string, name?: string): Promise<number>;
}

interface GrantRow {
  readonly caller: string;
  readonly name: string;
  readonly methods: string[];
  readonly views: string[];
  readonly tenants: string[];
  readonly rate_per_second: number;
  readonly burst: number;
  readonly concurrency: number;
}

/** Grants in the table `caller_grants`. */
export function createPostgresGrants(pool: Pool): GrantStore {
  return {
    async version() {
      const { rows } = await pool.query<{ version: string }>(VERSION);
      return String(rows[0]?.version);
    },
    async list() {
      const { rows } = await pool.query<GrantRow>(
        `select caller, name, methods, views, tenants, rate_per_second, burst, concurrency
         from caller_grants order by caller, name`,
      );
      return rows.map(toGrant);
    },
    async set({ caller, name, methods, views, tenants, limits }) {
      const { ratePerSecond, burst, concurrency } = limits;
      await pool.query(
        `insert into caller_grants (caller, name, methods, views, tenants, rate_per_second, burst, concurrency)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (caller, name) do update set methods = excluded.methods, views = excluded.views,
           tenants = excluded.tenants, rate_per_second = excluded.rate_per_second, burst = excluded.burst,
           concurrency = excluded.concurrency, update_time = now()`,
        [caller, name, methods, views, tenants, ratePerSecond, burst, concurrency],
      );
    },
    async remove(caller, name) {
      const { rowCount } = await pool.query(
        'delete from caller_grants where caller = $1 and ($2::text is null or name = $2)',
        [caller, name ?? null],
      );
      return rowCount ?? 0;
    },
  };
}

// With the feed's identity, because a database that went back counts to the same number again.
const VERSION = {
  name: 'caller_grants_version',
  text: `select concat(version, ' of ', ${FEED_IDENTITY}) as version from caller_grants_version`,
};

function toGrant({ rate_per_second, burst, concurrency, ...row }: GrantRow): Grant {
  return { ...row, limits: { ratePerSecond: rate_per_second, burst, concurrency } };
}

const POLL_MS = 1000;

/** How the book is kept up to date. */
interface WatchGrantsOptions {
  /** Told why a look failed: what was granted before stays in force. */
  readonly onError: (error: unknown) => void;
  /** Time in ms between two looks. Default 1000. */
  readonly pollMs?: number;
}

/**
 * Grants in memory, read again soon after they change. Rejects where they cannot be read at first. Disposing ends the looking.
 */
export async function watchGrants(
  store: Pick<GrantStore, 'version' | 'list'>,
  { onError, pollMs = POLL_MS }: WatchGrantsOptions,
): Promise<Grants & Disposable> {
  const listeners = new Set<() => void>();
  let version = await store.version();
  let find = indexGrants(await store.list());
  const look = async () => {
    // Taken before the grants: what changes in between is read again.
    const now = await store.version();
    if (now === version) return;
    find = indexGrants(await store.list());
    version = now;
    for (const listener of listeners) listener();
  };
  const stop = poll(look, { onError, pollMs });
  return {
    find: (caller, asked) => find(caller, asked),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]: stop,
  };
}
