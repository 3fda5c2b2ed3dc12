import { isRead, type Snapshot } from './snapshot.ts';

/** When something happened to a payment, by Stripe, in s since 1970; null: nothing says so. */
export interface PaymentTimes {
  /** Money first came in. */
  readonly captured: number | null;
  /** Money first went back. */
  readonly refunded: number | null;
  /** The bank asked about it. */
  readonly disputed: number | null;
  /** It was given up. */
  readonly canceled: number | null;
}

/** Nothing says when. */
export const NO_TIMES: PaymentTimes = { captured: null, refunded: null, disputed: null, canceled: null };

/**
 * When what became of a payment happened, whatever the order of the snapshots.
 * @param latest what is told now, which says best when it happened
 * @param known the newest snapshots of the payment, which say it where `told` does not
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

/** When money first came in, as the newest snapshots of a payment say. */
export function firstCapture(known: readonly Snapshot[]): number | null {
  return earliest(known, capturedAt) ?? earliest(known, paidAround);
}

/** When money last went back, as the newest snapshots of a payment say. A charge says so only where no refund does. */
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

// Without lists in between: every payment of every batch comes by here.
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

// A read says how something is, and not since when; a charge that shows money going back is told later than it came in.
function capturedAt(snapshot: Snapshot): number | null {
  return isRead(snapshot.key) || refundedPart(snapshot) > 0 || !isPaid(snapshot) ? null : snapshot.key.asOf;
}

// The charge was made about then, the intent before it.
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

// Without what was set aside and never captured.
function refundedPart({ fields }: Snapshot): number {
  if (!('amount_refunded' in fields) || !fields.captured) return 0;
  return Math.max(0, fields.amount_refunded - (fields.amount - fields.amount_captured));
}

function createdOf({ fields }: Snapshot): number | null {
  return 'created' in fields ? fields.created : null;
}
