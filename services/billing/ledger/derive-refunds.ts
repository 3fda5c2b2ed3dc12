import type { ChargeFacts, RefundFacts } from './facts.ts';
import { REFUND_STATES, type RefundState } from './payment-states.ts';

/** A refund as it was told. */
export interface RefundObject {
  readonly id: string;
  readonly facts: RefundFacts;
}

/** A refund as the ledger has it. */
export interface DerivedRefund {
  readonly stripeId: string;
  readonly state: RefundState;
  readonly currency: string;
  readonly amount: number;
  /** Not counted: nothing captured is known, or left, that it could be part of; or it only released what was set aside. */
  readonly held: boolean;
  readonly reason: string | null;
  readonly failureReason: string | null;
  readonly createTime: number;
}

interface Known {
  readonly captured: number;
  readonly charges: readonly { readonly facts: ChargeFacts }[];
  /** Oldest first. */
  readonly refunds: readonly RefundObject[];
}

/** Which refunds count, and what they come to: never more than was captured. */
export function deriveRefunds({ captured, charges, refunds }: Known): {
  readonly refunds: readonly DerivedRefund[];
  readonly refunded: number;
  readonly unseenRefunds: number;
} {
  const releases = releasesAmong(refunds, charges);
  let [left, refunded] = [captured, 0];
  const derived = refunds.map((refund) => {
    const { amount, status } = refund.facts;
    const isLive = status !== 'failed' && status !== 'canceled';
    const held = captured === 0 || releases.has(refund.id) || (isLive && amount > left);
    if (isLive && !held) left -= amount;
    if (status === 'succeeded' && !held) refunded += amount;
    return toRefund(refund, held);
  });
  const seen = refunds.reduce((sum, { id, facts }) => sum + (releases.has(id) ? 0 : facts.amount), 0);
  return {
    refunds: derived,
    refunded,
    unseenRefunds: captured > 0 ? Math.max(0, toldBy(charges) - seen) : 0,
  };
}

/**
 * Where less is captured than was set aside, or the time for it ran out, Stripe gives the rest back as a refund by which
 * no money moves. Such a one is no part of what was captured.
 */
function releasesAmong(refunds: readonly RefundObject[], charges: Known['charges']): ReadonlySet<string> {
  const releases = new Set(
    refunds.filter(({ facts }) => facts.reason === 'expired_uncaptured_charge').map(({ id }) => id),
  );
  for (const { facts } of charges) {
    const released = releasedOf(facts);
    const release = refunds.find(
      ({ facts: each }) => !each.moved && each.status === 'succeeded' && each.amount === released,
    );
    if (facts.captured && release) releases.add(release.id);
  }
  return releases;
}

function toldBy(charges: Known['charges']): number {
  return charges.reduce((sum, { facts }) => sum + Math.max(0, facts.amount_refunded - releasedOf(facts)), 0);
}

function releasedOf({ captured, amount, amount_captured, amount_refunded }: ChargeFacts): number {
  return captured ? Math.max(0, amount - amount_captured) : amount_refunded;
}

function toRefund({ id, facts }: RefundObject, held: boolean): DerivedRefund {
  return {
    stripeId: id,
    state: REFUND_STATES.get(facts.status) ?? 'PENDING',
    currency: facts.currency,
    amount: facts.amount,
    held,
    reason: facts.reason,
    failureReason: facts.failure_reason,
    createTime: facts.created,
  };
}
