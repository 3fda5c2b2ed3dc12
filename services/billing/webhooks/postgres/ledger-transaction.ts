import { type Pool, type RunPrepared, transactPrepared } from '@rollcall/runtime/postgres';

// Plans each batch again, because a plan made for small tables scans them once they have grown.
const BEGIN = 'begin; set local synchronous_commit = off; set local plan_cache_mode = force_custom_plan';

/** Runs a transaction that may be lost in a crash: its events then stay due and are applied again. */
export function transactRelaxed<T>(pool: Pool, work: (run: RunPrepared) => Promise<T>): Promise<T> {
  return transactPrepared(pool, work, BEGIN);
}

/**
 * Locks keys until the end of the transaction. Returns the locked keys.
 * @param patience `try`: skips keys that another worker holds; `wait`: waits for them
 */
export async function lockKeys(
  run: RunPrepared,
  keys: readonly string[],
  patience: 'try' | 'wait',
): Promise<ReadonlySet<string>> {
  const statement = patience === 'try' ? TRY_LOCK : LOCK;
  const rows = await run<{ key: string }>(statement, [keys.toSorted(), LOCK_SEED]);
  return new Set(rows.map(({ key }) => key));
}

const LOCK_SEED = '7245021';

const TRY_LOCK = {
  name: 'try_lock_stripe_keys',
  text: `select key from (
      select key, pg_try_advisory_xact_lock(hashtextextended(key, $2::bigint)) as locked
      from unnest($1::text[]) as key offset 0
    ) as tried where locked`,
};

const LOCK = {
  name: 'lock_stripe_keys',
  text: `select key, pg_advisory_xact_lock(hashtextextended(key, $2::bigint)) from unnest($1::text[]) as key`,
};
