import { type Pool, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import type { Origin } from '../../ledger/origin.ts';
import type { StripeKind } from '../../ledger/stripe-object.ts';
import { LONGEST_DELAY_MS } from '../apply/failed-attempt.ts';
import type { StoredObject, WebhookEvent } from '../receive/webhook-event.ts';

/**
 * Stores events in one statement, durable when it returns. Returns the ids of events that are new, or were
 * foreign and are no longer.
 */
export async function storeEvents(pool: Pool, events: readonly WebhookEvent[]): Promise<ReadonlySet<string>> {
  const rows = await runPrepared<{ id: string }>(pool, STORE, [JSON.stringify(events)]);
  return new Set(rows.map(({ id }) => id));
}

// Rounding up to the column's milliseconds would make a new event due too late. The fixed order prevents
// deadlocks of batches with common events.
const STORE = {
  name: 'store_stripe_events',
  text: `with durable as materialized (select set_config('synchronous_commit', 'on', true) as setting)
    insert into stripe_events (id, type, api_version, create_time, livemode, account, object_kind, object_id, payment_intent,
      payload, tenant_id, state, next_attempt_time, last_error)
    select distinct on (e.id) e.id, e.type, e."apiVersion", to_timestamp(e.created), e.livemode, e.account, e.kind, e."objectId", e."paymentIntent",
      e.payload, e."tenantId", e.state, case when e.state = 'received' then date_trunc('milliseconds', clock_timestamp()) end, e.fault
    from durable, json_to_recordset($1::json) as e(id text, type text, "apiVersion" text, created float8,
      livemode boolean, account text, kind text, "objectId" text, "paymentIntent" text, payload jsonb, "tenantId" text, state text, fault text)
    where durable.setting = 'on'
    order by e.id
    on conflict (id) do update set state = excluded.state, next_attempt_time = excluded.next_attempt_time,
      last_error = excluded.last_error
    where stripe_events.state = 'foreign' and excluded.state <> 'foreign'
    returning id`,
};

/** An event that is locked by this transaction. */
export interface ClaimedEvent extends Origin {
  readonly id: string;
  readonly type: string;
  /** The time of the event by Stripe, in s since 1970. */
  readonly created: number;
  readonly kind: StripeKind | null;
  readonly payload: readonly StoredObject[];
}

/** The events to claim: due ones, longest first, or those of a failed batch. */
export type Claim = { readonly limit: number } | { readonly ids: readonly string[] };

/** Locks events that no other worker holds. */
export function claimEvents(run: RunPrepared, claim: Claim): Promise<ClaimedEvent[]> {
  return 'ids' in claim
    ? run<ClaimedEvent>(CLAIM_IDS, [claim.ids])
    : run<ClaimedEvent>(CLAIM_DUE, [claim.limit]);
}

const COLUMNS =
  'id, type, extract(epoch from create_time)::float8 as created, object_kind as kind, payload, livemode, account';

const CLAIM_DUE = {
  name: 'claim_due_stripe_events',
  text: `select ${COLUMNS} from stripe_events where next_attempt_time <= clock_timestamp()
    order by next_attempt_time limit $1 for update skip locked`,
};

const CLAIM_IDS = {
  name: 'claim_stripe_events',
  text: `select ${COLUMNS} from stripe_events where id = any($1::text[]) and next_attempt_time is not null
    order by id for update skip locked`,
};

/** Makes events due whose next attempt is later than any delay allows, because the clock was set back. */
export async function resetFutureAttempts(pool: Pool): Promise<void> {
  await runPrepared(pool, RESET_FUTURE, [LONGEST_DELAY_MS]);
}

const RESET_FUTURE = {
  name: 'misdated_stripe_events',
  text: `update stripe_events set next_attempt_time = clock_timestamp()
    where next_attempt_time > clock_timestamp() + $1::float8 * interval '1 millisecond'`,
};

/** Marks events as applied, in the transaction that applies them. */
export async function markApplied(run: RunPrepared, ids: readonly string[]): Promise<void> {
  await run(MARK_APPLIED, [ids]);
}

const MARK_APPLIED = {
  name: 'mark_stripe_events_applied',
  text: `update stripe_events set state = 'applied', apply_time = clock_timestamp(), next_attempt_time = null,
      last_error = null, attempts = attempts + 1
    where id = any($1::text[])`,
};

/** Marks events as foreign, so that they are not applied. */
export async function markForeign(
  run: RunPrepared,
  events: readonly { readonly id: string; readonly fault: string }[],
): Promise<void> {
  await run(MARK_FOREIGN, [events.map(({ id }) => id), events.map(({ fault }) => fault)]);
}

const MARK_FOREIGN = {
  name: 'mark_stripe_events_foreign',
  text: `update stripe_events e set state = 'foreign', next_attempt_time = null, last_error = f.fault
    from unnest($1::text[], $2::text[]) as f(id, fault) where e.id = f.id`,
};

/** Marks an event as failed. `nextAttemptMs` returns the next delay in ms, or null after the last attempt. */
export async function markFailed(
  run: RunPrepared,
  failed: {
    readonly id: string;
    readonly error: string;
    readonly nextAttemptMs: (attempts: number) => number | null;
  },
): Promise<{ readonly attempts: number; readonly isDead: boolean } | undefined> {
  const [row] = await run<{ attempts: number }>(LOCK_FAILED, [failed.id]);
  if (!row) return undefined;
  const attempts = row.attempts + 1;
  const delayMs = failed.nextAttemptMs(attempts);
  await run(MARK_FAILED, [failed.id, attempts, failed.error, delayMs]);
  return { attempts, isDead: delayMs === null };
}

const LOCK_FAILED = {
  name: 'lock_failed_stripe_event',
  text: `select attempts from stripe_events where id = $1 and next_attempt_time is not null for update`,
};

const MARK_FAILED = {
  name: 'mark_stripe_event_failed',
  text: `update stripe_events set state = 'failed', attempts = $2, last_error = $3,
      next_attempt_time = clock_timestamp() + $4::float8 * interval '1 millisecond'
    where id = $1`,
};
