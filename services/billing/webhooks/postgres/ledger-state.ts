import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { MetricReading } from '@rollcall/runtime/rpc';

/** The state of the ledger, for /metrics. */
export interface LedgerState {
  /** Events that are due now or later. */
  readonly waiting: number;
  /** The time since the oldest due event became due, in s. */
  readonly lagS: number;
  /** Events without a next attempt. */
  readonly dead: number;
  /** Events of another mode or account. */
  readonly foreign: number;
  /** Payments without an owner. */
  readonly unowned: number;
  /** Refunds that do not count yet. */
  readonly heldRefunds: number;
  /** Objects with two different snapshots of one second. */
  readonly ambiguous: number;
  /** Payments with a fraction of a minor unit, which answers round down. */
  readonly fractional: number;
}

/** The state before the first read. */
export const NO_STATE: LedgerState = {
  waiting: 0,
  lagS: 0,
  dead: 0,
  foreign: 0,
  unowned: 0,
  heldRefunds: 0,
  ambiguous: 0,
  fractional: 0,
};

/** The metrics of the applier and the ledger. */
export function applierReadings(
  counts: { readonly applied: number; readonly failed: number; readonly dead: number },
  state: LedgerState,
): MetricReading[] {
  const reading = (type: 'counter' | 'gauge') => (name: string, help: string, value: number) => ({
    name: `rollcall_webhook_${name}`,
    help,
    type,
    labels: {},
    value,
  });
  const [counter, gauge] = [reading('counter'), reading('gauge')];
  return [
    counter('events_applied_total', 'Stripe events that were applied.', counts.applied),
    counter('attempts_failed_total', 'Attempts to apply an event that failed.', counts.failed),
    counter('events_died_total', 'Events that failed for the last time.', counts.dead),
    gauge('events_waiting', 'Events that are not applied yet.', state.waiting),
    gauge('lag_seconds', 'Time since the oldest due event became due.', state.lagS),
    gauge('events_dead', 'Events without a next attempt, which an operator must replay.', state.dead),
    gauge('events_foreign', 'Events of another mode or account, stored and not applied.', state.foreign),
    gauge('payments_unowned', 'Payments without an owner.', state.unowned),
    gauge('refunds_held', 'Refunds that no known capture covers.', state.heldRefunds),
    gauge('objects_ambiguous', 'Objects with two different snapshots of one second.', state.ambiguous),
    gauge(
      'payments_fractional',
      'Payments with a fraction of a minor unit, which answers round down.',
      state.fractional,
    ),
  ];
}

/** Reads the state. A partial index counts each part. */
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
