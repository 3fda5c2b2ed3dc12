import { type Pool, type RunPrepared, transactPrepared } from '@rollcall/runtime/postgres';

// Planned anew for each batch: a plan that was made while the tables were small reads all of them once they are not.
const BEGIN = 'begin; set local synchronous_commit = off; set local plan_cache_mode = force_custom_plan';

/**
 * A transaction that need not be on disk when it returns: one that is lost in a crash leaves its events as they were,
 * and they are applied again.
 */
export function transactRelaxed<T>(pool: Pool, work: (run: RunPrepared) => Promise<T>): Promise<T> {
  return transactPrepared(pool, work, BEGIN);
}

/**
 * Keeps everybody else from applying what belongs to these keys until the transaction ends. Answers the keys that it has.
 * @param patience `try`: another worker may be at some of them, which are then not answered; `wait`: until it is not
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
