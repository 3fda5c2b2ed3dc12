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
