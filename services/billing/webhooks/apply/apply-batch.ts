import type { Logger } from '@rollcall/runtime';
import { isDatabaseDown, type Pool, type RunPrepared } from '@rollcall/runtime/postgres';
import { LedgerError } from '../../ledger/ledger-error.ts';
import { foreignFault, foreignReason, type LedgerScope } from '../../ledger/origin.ts';
import type { Snapshot } from '../../ledger/snapshot.ts';
import { lifecyclePosition } from '../../ledger/snapshot-order.ts';
import { isWhole } from '../../money.ts';
import {
  type Claim,
  type ClaimedEvent,
  claimEvents,
  markApplied,
  markFailed,
  markForeign,
} from '../postgres/event-rows.ts';
import { transactRelaxed } from '../postgres/ledger-transaction.ts';
import type { StoredObject } from '../receive/webhook-event.ts';
import { applySnapshots } from './apply-snapshots.ts';
import { faultText, retryDelayMs } from './failed-attempt.ts';
import { keysOf, lockSnapshots } from './lock-snapshots.ts';
import type { OnChanges, PaymentChange } from './payment-change.ts';

interface BatchOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly scope: LedgerScope;
  readonly onChanges: OnChanges;
}

/** The outcomes of a batch. */
export interface BatchResult {
  readonly claimed: number;
  readonly applied: number;
  readonly failed: number;
  readonly dead: number;
}

const NOTHING: BatchResult = { claimed: 0, applied: 0, failed: 0, dead: 0 };

/**
 * Claims and applies a batch in one transaction. When that fails, it applies halves of the batch, so that
 * in the end an event that cannot be applied fails alone.
 * @throws the error of the database when it is unavailable. No attempt is counted then.
 */
export async function applyBatch(options: BatchOptions, claim: Claim): Promise<BatchResult> {
  let ids: readonly string[] = [];
  try {
    const applied = await transactRelaxed(options.pool, async (run) => {
      const events = await claimEvents(run, claim);
      ids = events.map(({ id }) => id);
      return events.length > 0 ? await applyAndEnqueue(run, events, options) : undefined;
    });
    return { ...NOTHING, claimed: ids.length, applied: applied?.applied.length ?? 0 };
  } catch (error) {
    if (isDatabaseDown(error) || ids.length === 0) throw error;
    return ids.length > 1
      ? await applyHalves(options, ids)
      : await recordFailure(options, ids[0] ?? '', error);
  }
}

async function applyAndEnqueue(
  run: RunPrepared,
  events: Parameters<typeof applyEvents>[1],
  { scope, onChanges, logger }: BatchOptions,
): Promise<Applied> {
  const applied = await applyEvents(run, events, scope);
  for (const { paymentId, currency, current: now } of applied.changes)
    if (!isWhole(currency, BigInt(now.captured)) || !isWhole(currency, BigInt(now.refunded)))
      logger.warn(
        { paymentId, currency, ...now },
        'payment has a fraction of a minor unit, which answers round down',
      );
  if (applied.changes.length > 0) await onChanges(run, applied.changes);
  return applied;
}

async function applyHalves(options: BatchOptions, ids: readonly string[]): Promise<BatchResult> {
  const middle = Math.ceil(ids.length / 2);
  const first = await applyBatch(options, { ids: ids.slice(0, middle) });
  const second = await applyBatch(options, { ids: ids.slice(middle) });
  return {
    claimed: ids.length,
    applied: first.applied + second.applied,
    failed: first.failed + second.failed,
    dead: first.dead + second.dead,
  };
}

async function recordFailure(
  { pool, logger }: BatchOptions,
  id: string,
  error: unknown,
): Promise<BatchResult> {
  const fault = faultText(error);
  const marked = await transactRelaxed(pool, (run) =>
    markFailed(run, { id, error: fault, nextAttemptMs: retryDelayMs }),
  );
  if (!marked) return { ...NOTHING, claimed: 1 };
  const about = { eventId: id, attempts: marked.attempts, fault };
  if (marked.isDead) logger.error(about, 'event is dead: replay it once the cause is removed');
  else logger.warn(about, 'event could not be applied; it is retried');
  return { ...NOTHING, claimed: 1, failed: 1, dead: marked.isDead ? 1 : 0 };
}

/** The outcomes of one transaction. */
interface Applied {
  readonly applied: readonly ClaimedEvent[];
  /** Left unchanged, because another worker holds the payment. */
  readonly busy: readonly ClaimedEvent[];
  readonly changes: readonly PaymentChange[];
}

/** Applies claimed events and marks them. Events of another mode or account are marked as foreign. */
async function applyEvents(
  run: RunPrepared,
  events: readonly ClaimedEvent[],
  scope: LedgerScope,
): Promise<Applied> {
  const foreign = events.flatMap((event) => {
    const reason = foreignReason(event, scope);
    return reason ? [{ id: event.id, fault: foreignFault(reason, event) }] : [];
  });
  if (foreign.length > 0) await markForeign(run, foreign);
  const ours = foreign.length > 0 ? events.filter((event) => !foreignReason(event, scope)) : events;
  const read = ours.map((event) => ({ event, snapshots: snapshotsOf(event) }));
  const all = read.flatMap(({ snapshots }) => snapshots);
  const { locked, intents } = await lockSnapshots(run, all, 'try');
  const isLocked = (snapshot: Snapshot) => keysOf(snapshot, intents).every((key) => locked.has(key));
  const { ready = [], busy = [] } = Object.groupBy(read, (each) =>
    each.snapshots.every(isLocked) ? 'ready' : 'busy',
  );
  const snapshots = ready.flatMap((each) => each.snapshots);
  const changes = snapshots.length > 0 ? await applySnapshots(run, snapshots, intents, 'changed') : [];
  const applied = ready.map(({ event }) => event);
  if (applied.length > 0)
    await markApplied(
      run,
      applied.map(({ id }) => id),
    );
  return { applied, busy: busy.map(({ event }) => event), changes };
}

function snapshotsOf(event: ClaimedEvent): Snapshot[] {
  if (event.payload.length === 0)
    throw new LedgerError(
      'SHAPE_UNKNOWN',
      'Nothing of the event was understood when it came; reconcile what it is about.',
    );
  return event.payload.map((each) => toSnapshot(event, each));
}

function toSnapshot(event: ClaimedEvent, { kind, id, facts: fields, digest }: StoredObject): Snapshot {
  const { type, created, livemode, account } = event;
  const key = { ...lifecyclePosition(kind, fields, type), asOf: created, digest };
  return { kind, id, key, fields, ambiguous: false, origin: { livemode, account } };
}
