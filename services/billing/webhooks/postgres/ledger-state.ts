import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import { type LedgerState, NO_STATE } from '../apply/applier-readings.ts';

/** How the ledger stands now. Every part is counted by an index of just what it counts. */
export async function readLedgerState(pool: Pool): Promise<LedgerState> {
  const [row] = await runPrepared<LedgerState>(pool, READ, []);
  return row ?? NO_STATE;
}

const READ = {
  name: 'stripe_ledger_state',
  text: `select
    (select count(*) from stripe_events where next_attempt_time is not null)::float8 as waiting,
    (select coalesce(greatest(0, extract(epoch from clock_timestamp() - min(next_attempt_time))), 0)
      from stripe_events where next_attempt_time is not null)::float8 as "lagS",
    (select count(*) from stripe_events where state = 'failed' and next_attempt_time is null)::float8 as dead,
    (select count(*) from stripe_events where state = 'foreign')::float8 as foreign,
    (select count(*) from payments where tenant_id is null)::float8 as unowned,
    (select count(*) from refunds where held)::float8 as "heldRefunds",
    (select count(*) from stripe_objects where ambiguous)::float8 as ambiguous,
    (select count(*) from payments where fractional)::float8 as fractional`,
};
