import type { DerivedRefund } from './derived-payment.ts';
import { REFUND_STATES } from './payment-states.ts';
import type { ChargeFields, RefundFields } from './stripe-fields.ts';

/** The newest snapshot of a refund. */
export interface RefundObject {
  readonly id: string;
  readonly fields: RefundFields;
  /** The time of the snapshot by Stripe, in s since 1970. */
  readonly asOf: number;
}

/** The newest snapshot of a charge. */
export interface ChargeObject {
  readonly id: string;
  readonly fields: ChargeFields;
  /** The time of the snapshot by Stripe, in s since 1970. */
  readonly asOf: number;
}

interface Known {
  readonly captured: number;
  /** Oldest first. */
  readonly charges: readonly ChargeObject[];
  /** Oldest first. */
  readonly refunds: readonly RefundObject[];
}

/** The refunded amounts of a payment, by its refunds and charges. */
interface DerivedRefunds {
  readonly refunds: readonly DerivedRefund[];
  /** The refunded amount, including `unseenRefunds`. It never exceeds the captured amount. */
  readonly refunded: number;
  /** The amount that charges report as refunded and no known refund explains. */
  readonly unseenRefunds: number;
  /** The refunded amount including refunds that failed or were canceled later. */
  readonly everRefunded: number;
}

const NOTHING_WENT_BACK: DerivedRefunds = { refunds: [], refunded: 0, unseenRefunds: 0, everRefunded: 0 };

/** Decides which refunds count, and adds them up. A refund that a charge reported first counts once. */
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

// A refund without a charge belongs to the charge that captured the money.
function refundsOf(
  { id }: ChargeObject,
  charges: readonly ChargeObject[],
  refunds: readonly RefundObject[],
): RefundObject[] {
  const main = charges.findLast(({ fields }) => fields.captured) ?? charges.at(-1);
  return refunds.filter(({ fields }) => (fields.charge ?? main?.id) === id);
}

/**
 * The reported refunds of a charge that its known refunds do not explain. A refund that was undone before
 * the snapshot of the charge is no longer in its report; one that was undone later still is.
 */
function unseenOf({ fields, asOf }: ChargeObject, refunds: readonly RefundObject[]): number {
  const reported = Math.max(0, fields.amount_refunded - releasedOf(fields));
  const within = refunds.filter((each) => !(isUndone(each) && each.asOf < asOf));
  return Math.max(0, reported - within.reduce((sum, each) => sum + each.fields.amount, 0));
}

/**
 * Finds the refunds that only release a reserved amount. Stripe makes one when less is captured than
 * reserved, or the reservation expires. It moves no money, and is no part of the captured amount.
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
