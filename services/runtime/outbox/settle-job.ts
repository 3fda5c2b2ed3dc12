import type { Pool } from '../postgres/pool.ts';

/** What becomes of a job that was not done. */
export interface Settlement {
  /** `later`: another attempt; `again`: one that does not count; `dead`: none. */
  readonly fate: 'later' | 'again' | 'dead';
  /** Not before this many ms from now. */
  readonly delayMs: number;
  /** One line for whoever looks. */
  readonly error: string;
}

/** A job as the worker holds it. */
export interface HeldJob {
  readonly id: string;
  /** The worker's name in the table. */
  readonly holder: string;
}

// graphile-worker's own way counts outages as failures, and waits up to six hours. What it does afterwards finds a job
// that nobody holds, and leaves it alone. A job that was replaced while it was at work has nothing to come back for.
const SETTLE = {
  name: 'outbox-settle',
  text: `with replaced as (
      delete from graphile_worker._private_jobs
      where id = $1 and locked_by = $2 and key is null and flags ? 'keyed' returning id)
    update graphile_worker._private_jobs
    set locked_by = null, locked_at = null, updated_at = now(), last_error = $5,
      run_at = greatest(run_at, now() + $4 * interval '1 millisecond'),
      attempts = case $3::text when 'dead' then max_attempts when 'again' then greatest(attempts - 1, 0) else attempts end
    where id = $1 and locked_by = $2 and not exists (select from replaced)`,
} as const;

/** Puts a job back, or to the dead; nothing where its holder has it no more. */
export async function settleJob(
  pool: Pool,
  { id, holder }: HeldJob,
  { fate, delayMs, error }: Settlement,
): Promise<void> {
  await pool.query({ ...SETTLE, values: [id, holder, fate, Math.ceil(delayMs), error] });
}
