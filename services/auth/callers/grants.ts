import { type Grant, type Grants, indexGrants, poll } from '@rollcall/runtime/callers';
import type { Pool } from '@rollcall/runtime/postgres';
import { FEED_IDENTITY } from '../postgres/feed/postgres-change-log.ts';

/** Stores grants. */
export interface GrantStore {
  /** A text that changes with every change of a grant. */
  version(): Promise<string>;
  /** Lists all grants by caller and name. */
  list(): Promise<Grant[]>;
  /** Adds a grant, or replaces the caller's grant of that name. */
  set(grant: Grant): Promise<void>;
  /** Removes one grant of a caller, or all, and answers how many. */
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

/** Creates the store over table `caller_grants`. */
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

// Contains the identity of the feed: a restored database counts to the same number again.
const VERSION = {
  name: 'caller_grants_version',
  text: `select concat(version, ' of ', ${FEED_IDENTITY}) as version from caller_grants_version`,
};

function toGrant({ rate_per_second, burst, concurrency, ...row }: GrantRow): Grant {
  return { ...row, limits: { ratePerSecond: rate_per_second, burst, concurrency } };
}

const POLL_MS = 1000;

interface WatchGrantsOptions {
  /** Called when a read fails. The known grants stay in force. */
  readonly onError: (error: unknown) => void;
  /** Time between two reads. Milliseconds. Default 1000. */
  readonly pollMs?: number;
}

/**
 * Reads all grants, and reads them again after they change. Disposing it ends the reads.
 * @throws the error of the first read
 */
export async function watchGrants(
  store: Pick<GrantStore, 'version' | 'list'>,
  { onError, pollMs = POLL_MS }: WatchGrantsOptions,
): Promise<Grants & Disposable> {
  const listeners = new Set<() => void>();
  let version = await store.version();
  let find = indexGrants(await store.list());
  const readChanges = async () => {
    // Read before the grants: a change in between is read again.
    const now = await store.version();
    if (now === version) return;
    find = indexGrants(await store.list());
    version = now;
    for (const listener of listeners) listener();
  };
  const stop = poll(readChanges, { onError, pollMs });
  return {
    find: (caller, asked) => find(caller, asked),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]: stop,
  };
}
