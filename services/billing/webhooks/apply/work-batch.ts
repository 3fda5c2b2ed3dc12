import type { Logger } from '@rollcall/runtime';
import { isDatabaseAway, type Pool, type RunPrepared } from '@rollcall/runtime/postgres';
import type { LedgerScope } from '../../ledger/origin.ts';
import { isWhole } from '../../stripe-units.ts';
import { type Claim, claimEvents, markFailed } from '../postgres/claim-events.ts';
import { transactRelaxed } from '../postgres/run.ts';
import { type Applied, applyEvents } from './apply-events.ts';
import { faultText } from './event-fault.ts';
import type { PaymentChange } from './payment-change.ts';
import { retryDelayMs } from './retry-delay.ts';

/** What follows for others from payments that changed; runs inside the transaction that changes them. */
export type OnChanges = (run: RunPrepared, changes: readonly PaymentChange[]) => Promise<void>;

/** What a batch is worked off with. */
export interface BatchOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly scope: LedgerScope;
  readonly onChanges: OnChanges;
}

/** What became of a batch. */
export interface BatchResult {
  readonly claimed: number;
  readonly applied: number;
  readonly failed: number;
  readonly dead: number;
}

const NOTHING: BatchResult = { claimed: 0, applied: 0, failed: 0, dead: 0 };

/**
 * Applies a batch in one transaction. Where that fails, in ever smaller ones, so that in the end an event that cannot be
 * applied fails alone.
 * @throws the error of the database where that is away; nothing is counted against the events then
 */
export async function workBatch(options: BatchOptions, claim: Claim): Promise<BatchResult> {
  let ids: readonly string[] = [];
  try {
    const applied = await transactRelaxed(options.pool, async (run) => {
      const events = await claimEvents(run, claim);
      ids = events.map(({ id }) => id);
      return events.length > 0 ? await applyAndTell(run, events, options) : undefined;
    });
    return { ...NOTHING, claimed: ids.length, applied: applied?.applied.length ?? 0 };
  } catch (error) {
    if (isDatabaseAway(error) || ids.length === 0) throw error;
    return ids.length > 1 ? await workHalves(options, ids) : await fail(options, ids[0] ?? '', error);
  }
}

async function applyAndTell(
  run: RunPrepared,
  events: Parameters<typeof applyEvents>[1],
  { scope, onChanges, logger }: BatchOptions,
): Promise<Applied> {
  const applied = await applyEvents(run, events, scope);
  for (const { paymentId, currency, now } of applied.changes)
    if (!isWhole(currency, BigInt(now.captured)) || !isWhole(currency, BigInt(now.refunded)))
      logger.warn(
        { paymentId, currency, ...now },
        'a payment has a fraction of a minor unit, and is shown rounded down',
      );
  if (applied.changes.length > 0) await onChanges(run, applied.changes);
  return applied;
}

async function workHalves(options: BatchOptions, ids: readonly string[]): Promise<BatchResult> {
  const middle = Math.ceil(ids.length / 2);
  const first = await workBatch(options, { ids: ids.slice(0, middle) });
  const second = await workBatch(options, { ids: ids.slice(middle) });
  return {
    claimed: ids.length,
    applied: first.applied + second.applied,
    failed: first.failed + second.failed,
    dead: first.dead + second.dead,
  };
}

async function fail({ pool, logger }: BatchOptions, id: string, error: unknown): Promise<BatchResult> {
  const fault = faultText(error);
  const marked = await transactRelaxed(pool, (run) =>
    markFailed(run, { id, error: fault, nextAttemptMs: retryDelayMs }),
  );
  if (!marked) return { ...NOTHING, claimed: 1 };
  const about = { eventId: id, attempts: marked.attempts, fault };
  if (marked.isDead) logger.error(about, 'webhook is dead: replay it once its cause is gone');
  else logger.warn(about, 'webhook could not be applied, and is tried again');
  return { ...NOTHING, claimed: 1, failed: 1, dead: marked.isDead ? 1 : 0 };
}
