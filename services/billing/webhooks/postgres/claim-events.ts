import { type Pool, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import type { Origin } from '../../ledger/origin.ts';
import type { StripeKind } from '../../ledger/stripe-object.ts';
import { LONGEST_DELAY_MS } from '../apply/retry-delay.ts';
import type { ToldObject } from '../receive/webhook-event.ts';

/** An event that this transaction has for itself. */
export interface ClaimedEvent extends Origin {
  readonly id: string;
  readonly type: string;
  /** By Stripe, in s since 1970. */
  readonly created: number;
  readonly kind: StripeKind | null;
  readonly payload: readonly ToldObject[];
}

/** Which events: those that are due, longest first, or those of a batch that failed as a whole. */
export type Claim = { readonly limit: number } | { readonly ids: readonly string[] };

/** Events that no other worker has. */
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

/** Makes due what is due later than any delay lasts: it was put off before the clock went back. */
export async function makeMisdatedDue(pool: Pool): Promise<void> {
  await runPrepared(pool, MISDATED, [LONGEST_DELAY_MS]);
}

const MISDATED = {
  name: 'misdated_stripe_events',
  text: `update stripe_events set next_attempt_time = clock_timestamp()
    where next_attempt_time > clock_timestamp() + $1::float8 * interval '1 millisecond'`,
};

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

/** Says of events that they are applied, in the transaction that applies them. */
export async function markApplied(run: RunPrepared, ids: readonly string[]): Promise<void> {
  await run(MARK_APPLIED, [ids]);
}

const MARK_APPLIED = {
  name: 'mark_stripe_events_applied',
  text: `update stripe_events set state = 'applied', apply_time = clock_timestamp(), next_attempt_time = null,
      last_error = null, attempts = attempts + 1
    where id = any($1::text[])`,
};

/** Says of events that they are of another mode or account, and are not applied. */
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

/** Says of an event that it failed. `nextAttemptMs` from now it is tried again; null: never by itself. */
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
