import { isRead, type Snapshot } from './snapshot.ts';

/** The times of a payment's changes by Stripe, in s since 1970. Null: unknown. */
export interface PaymentTimes {
  /** The first capture. */
  readonly captured: number | null;
  /** The first refund. */
  readonly refunded: number | null;
  /** The dispute was opened. */
  readonly disputed: number | null;
  /** The payment was canceled. */
  readonly canceled: number | null;
}

/** No time is known. */
export const NO_TIMES: PaymentTimes = { captured: null, refunded: null, disputed: null, canceled: null };

/**
 * Finds the times of a payment's changes, independent of the order of the snapshots.
 * @param latest the snapshots of this transaction, which have the most exact times
 * @param known the newest snapshots of the payment, used where `latest` has no time
 */
export function paymentTimesOf(latest: readonly Snapshot[], known: readonly Snapshot[]): PaymentTimes {
  const first = (timeOf: TimeOf) => earliest(latest, timeOf) ?? earliest(known, timeOf);
  return {
    captured: first(capturedAt) ?? earliest([...latest, ...known], paidAround),
    refunded: first((each) => refundedAt(each) ?? chargedBackAt(each)),
    disputed: first((each) => (each.kind === 'dispute' ? createdOf(each) : null)),
    canceled: first(canceledAt),
  };
}

/** The time of the first capture by the newest snapshots of a payment. */
export function firstCapture(known: readonly Snapshot[]): number | null {
  return earliest(known, capturedAt) ?? earliest(known, paidAround);
}

/**
 * The time of the last refund by the newest snapshots of a payment. A charge counts only without a refund.
 */
export function lastRefund(known: readonly Snapshot[]): number | null {
  return latest(known, refundedAt) ?? latest(known, chargedBackAt);
}

type TimeOf = (snapshot: Snapshot) => number | null;

function earliest(snapshots: readonly Snapshot[], timeOf: TimeOf): number | null {
  return extreme(snapshots, timeOf, Math.min);
}

function latest(snapshots: readonly Snapshot[], timeOf: TimeOf): number | null {
  return extreme(snapshots, timeOf, Math.max);
}

// Without intermediate arrays: this runs for each payment of each batch.
function extreme(
  snapshots: readonly Snapshot[],
  timeOf: TimeOf,
  choose: (a: number, b: number) => number,
): number | null {
  let chosen: number | null = null;
  for (const each of snapshots) {
    const time = timeOf(each);
    if (time !== null) chosen = chosen === null ? time : choose(chosen, time);
  }
  return chosen;
}

// A read has no time of change, and a charge that shows a refund has a later one.
function capturedAt(snapshot: Snapshot): number | null {
  return isRead(snapshot.key) || refundedPart(snapshot) > 0 || !isPaid(snapshot) ? null : snapshot.key.asOf;
}

// The charge was created about then, the intent earlier.
function paidAround(snapshot: Snapshot): number | null {
  return isPaid(snapshot) ? createdOf(snapshot) : null;
}

function refundedAt(snapshot: Snapshot): number | null {
  const { kind, key, fields } = snapshot;
  if (kind !== 'refund' || !('status' in fields) || fields.status !== 'succeeded') return null;
  return isRead(key) ? createdOf(snapshot) : key.asOf;
}

function chargedBackAt(snapshot: Snapshot): number | null {
  return refundedPart(snapshot) > 0 ? snapshot.key.asOf : null;
}

function canceledAt({ kind, key, fields }: Snapshot): number | null {
  const isCanceled = kind === 'payment_intent' && 'status' in fields && fields.status === 'canceled';
  const isLetGo = 'amount_refunded' in fields && !fields.captured && fields.amount_refunded > 0;
  return isCanceled || isLetGo ? key.asOf : null;
}

function isPaid({ fields }: Snapshot): boolean {
  if ('amount_received' in fields) return fields.amount_received > 0;
  if ('amount_captured' in fields) return fields.amount_captured > 0;
  return 'paid_without_intent' in fields && fields.paid_without_intent !== null;
}

// Excludes the reserved amount that was never captured.
function refundedPart({ fields }: Snapshot): number {
  if (!('amount_refunded' in fields) || !fields.captured) return 0;
  return Math.max(0, fields.amount_refunded - (fields.amount - fields.amount_captured));
}

function createdOf({ fields }: Snapshot): number | null {
  return 'created' in fields ? fields.created : null;
}
