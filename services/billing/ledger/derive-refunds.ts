import type { DerivedRefund } from './derived-payment.ts';
import { REFUND_STATES } from './payment-states.ts';
import type { ChargeFields, RefundFields } from './stripe-fields.ts';

/** A refund as it was told. */
export interface RefundObject {
  readonly id: string;
  readonly fields: RefundFields;
  /** When it was so, by Stripe, in s since 1970. */
  readonly asOf: number;
}

/** A charge as it was told. */
export interface ChargeObject {
  readonly id: string;
  readonly fields: ChargeFields;
  /** When it was so, by Stripe, in s since 1970. */
  readonly asOf: number;
}

interface Known {
  readonly captured: number;
  /** Oldest first. */
  readonly charges: readonly ChargeObject[];
  /** Oldest first. */
  readonly refunds: readonly RefundObject[];
}

/** What went back, as refunds and charges tell it. */
interface DerivedRefunds {
  readonly refunds: readonly DerivedRefund[];
  /** What went back, with `unseenRefunds`; never more than was captured. */
  readonly refunded: number;
  /** What a charge says went back, and no refund that is known explains. */
  readonly unseenRefunds: number;
  /** What ever went back: `refunded`, and what of it was given back again. */
  readonly everRefunded: number;
}

const NOTHING_WENT_BACK: DerivedRefunds = { refunds: [], refunded: 0, unseenRefunds: 0, everRefunded: 0 };

/** Which refunds count, and what they and the charges come to. A refund that a charge told of first is counted once. */
export function deriveRefunds({ captured, charges, refunds }: Known): DerivedRefunds {
  if (refunds.length === 0 && charges.every(({ fields }) => fields.amount_refunded === 0))
    return NOTHING_WENT_BACK;
  const releases = releasesAmong(refunds, charges);
  let [left, refunded] = [captured, 0];
  const derived = refunds.map((refund) => {
    const { amount } = refund.fields;
    const isLive = !isUndone(refund);
    const held = captured === 0 || releases.has(refund.id) || (isLive && amount > left);
    if (isLive && !held) left -= amount;
    if (refund.fields.status === 'succeeded' && !held) refunded += amount;
    return toRefund(refund, held);
  });
  const moved = refunds.filter(({ id }) => !releases.has(id));
  const unseen = charges.reduce(
    (sum, charge) => sum + unseenOf(charge, refundsOf(charge, charges, moved)),
    0,
  );
  const unseenRefunds = Math.min(unseen, left);
  const undone = moved.filter(isUndone).reduce((sum, { fields }) => sum + fields.amount, 0);
  const all = refunded + unseenRefunds;
  return { refunds: derived, refunded: all, unseenRefunds, everRefunded: all + undone };
}

function isUndone({ fields: { status } }: RefundObject): boolean {
  return status === 'failed' || status === 'canceled';
}

// A refund that does not name its charge is of the one that the money came by.
function refundsOf(
  { id }: ChargeObject,
  charges: readonly ChargeObject[],
  refunds: readonly RefundObject[],
): RefundObject[] {
  const main = charges.findLast(({ fields }) => fields.captured) ?? charges.at(-1);
  return refunds.filter(({ fields }) => (fields.charge ?? main?.id) === id);
}

/**
 * What a charge says went back beyond what its refunds explain. One that was undone before the charge was told is not part of
 * what the charge says any more; one that was undone later still is.
 */
function unseenOf({ fields, asOf }: ChargeObject, refunds: readonly RefundObject[]): number {
  const reported = Math.max(0, fields.amount_refunded - releasedOf(fields));
  const within = refunds.filter((each) => !(isUndone(each) && each.asOf < asOf));
  return Math.max(0, reported - within.reduce((sum, each) => sum + each.fields.amount, 0));
}

/**
 * Where less is captured than was set aside, or the time for it ran out, Stripe gives the rest back as a refund by which
 * no money moves. Such a one is no part of what was captured.
 */
function releasesAmong(
  refunds: readonly RefundObject[],
  charges: readonly ChargeObject[],
): ReadonlySet<string> {
  const releases = new Set(
    refunds.filter(({ fields }) => fields.reason === 'expired_uncaptured_charge').map(({ id }) => id),
  );
  for (const { fields } of charges) {
    const released = releasedOf(fields);
    const release = refunds.find(
      ({ fields: each }) => !each.moved && each.status === 'succeeded' && each.amount === released,
    );
    if (fields.captured && release) releases.add(release.id);
  }
  return releases;
}

function releasedOf({ captured, amount, amount_captured, amount_refunded }: ChargeFields): number {
  return captured ? Math.max(0, amount - amount_captured) : amount_refunded;
}

function toRefund({ id, fields }: RefundObject, held: boolean): DerivedRefund {
  return {
    stripeId: id,
    state: REFUND_STATES.get(fields.status) ?? 'PENDING',
    currency: fields.currency,
    amount: fields.amount,
    held,
    reason: fields.reason,
    failureReason: fields.failure_reason,
    createTime: fields.created,
  };
}
