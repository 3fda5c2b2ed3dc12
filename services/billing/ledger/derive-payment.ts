import { type ChargeObject, type DerivedRefund, deriveRefunds, type RefundObject } from './derive-refunds.ts';
import type { ChargeFacts, DisputeFacts, IntentFacts, RefundFacts } from './facts.ts';
import type { OwnerFacts } from './owner.ts';
import { DISPUTE_STATES, type DisputeState, type PaymentState } from './payment-states.ts';
import type { Snapshot } from './snapshot.ts';

/** A dispute as the ledger has it. */
export interface DerivedDispute {
  readonly stripeId: string;
  readonly state: DisputeState;
  readonly currency: string;
  readonly amount: number;
  /** What the bank holds of it now. */
  readonly withdrawn: number;
  readonly reason: string | null;
  readonly createTime: number;
}

/** A payment as it follows from what is known of it. Amounts in the smallest unit of the currency, times in s since 1970. */
export interface DerivedPayment {
  readonly intent: string;
  readonly state: PaymentState;
  readonly currency: string;
  readonly amount: number;
  readonly captured: number;
  readonly refunded: number;
  /** Part of `refunded`: what a charge says went back, and no refund that is known explains. */
  readonly unseenRefunds: number;
  readonly disputeState: DisputeState | null;
  readonly failureCode: string | null;
  /** The customer at Stripe: whose the payment is where the metadata do not say it. */
  readonly customer: string | null;
  /** As the metadata say. */
  readonly owner: OwnerFacts;
  readonly createTime: number;
  /** Null: not known. */
  readonly livemode: boolean | null;
  /** "acct_…"; null: the account that the webhook or the key belongs to, or not known. */
  readonly account: string | null;
  readonly refunds: readonly DerivedRefund[];
  readonly disputes: readonly DerivedDispute[];
  /** What belongs to the intent by name, and is in another currency: it is left out. */
  readonly misfits: readonly string[];
}

type Known<F> = {
  readonly id: string;
  readonly facts: F;
  readonly asOf: number;
};

interface Parts {
  readonly intent: IntentFacts | undefined;
  readonly charges: readonly ChargeObject[];
  readonly refunds: readonly RefundObject[];
  readonly disputes: readonly Known<DisputeFacts>[];
}

/**
 * A payment from the newest snapshots of its intent, charges, refunds and disputes, and from nothing else. Undefined:
 * neither the intent nor a charge is known, so that nobody can say yet what was to be paid.
 */
export function derivePayment(intent: string, objects: readonly Snapshot[]): DerivedPayment | undefined {
  const known = partsOf(objects);
  const main = known.intent ?? known.charges[0]?.facts;
  if (!main) return undefined;
  const { fits = [], misfits = [] } = Object.groupBy(objects, ({ facts }) =>
    'currency' in facts && facts.currency !== main.currency ? 'misfits' : 'fits',
  );
  const parts = misfits.length === 0 ? known : partsOf(fits);
  const { charges, disputes } = parts;
  const captured = Math.max(
    parts.intent?.amount_received ?? 0,
    charges.reduce((sum, { facts }) => sum + facts.amount_captured, 0),
  );
  const { refunds, refunded, unseenRefunds } = deriveRefunds({ captured, charges, refunds: parts.refunds });
  return {
    intent,
    state: stateOf(parts, captured, refunded),
    currency: main.currency,
    amount: parts.intent?.amount ?? charges.at(-1)?.facts.amount ?? 0,
    captured,
    refunded,
    unseenRefunds,
    disputeState: disputes.map(toDispute).at(-1)?.state ?? null,
    failureCode: failureOf(parts, captured),
    customer: parts.intent?.customer ?? charges.find(({ facts }) => facts.customer)?.facts.customer ?? null,
    owner: ownerOf(parts),
    createTime: main.created,
    ...originOf(objects),
    refunds,
    disputes: disputes.map(toDispute),
    misfits: misfits.map(({ id }) => id),
  };
}

// All of them are of one mode and account; of some it is not known.
function originOf(objects: readonly Snapshot[]): {
  livemode: boolean | null;
  account: string | null;
} {
  const origins = objects.flatMap(({ origin }) => origin ?? []);
  const account = origins.find((each) => each.account !== null)?.account ?? null;
  return { livemode: origins[0]?.livemode ?? null, account };
}

function partsOf(objects: readonly Snapshot[]): Parts {
  const of = <F extends { created: number }>(kind: string) =>
    objects
      .filter((each) => each.kind === kind)
      .map(({ id, facts, key }) => ({
        id,
        facts: facts as unknown as F,
        asOf: key.asOf,
      }))
      .sort((a, b) => a.facts.created - b.facts.created || (a.id < b.id ? -1 : 1));
  return {
    intent: of<IntentFacts>('payment_intent')[0]?.facts,
    charges: of<ChargeFacts>('charge'),
    refunds: of<RefundFacts>('refund'),
    disputes: of<DisputeFacts>('dispute'),
  };
}

function stateOf({ intent, charges }: Parts, captured: number, refunded: number): PaymentState {
  if (captured > 0 || intent?.status === 'succeeded') {
    if (refunded === 0) return 'SUCCEEDED';
    return refunded < captured ? 'PARTIALLY_REFUNDED' : 'REFUNDED';
  }
  if (intent?.status === 'canceled') return 'CANCELED';
  if (intent?.status === 'requires_capture') return 'AUTHORIZED';
  if (charges.some(({ facts }) => facts.status === 'succeeded')) return 'AUTHORIZED';
  const isOnItsWay = intent ? intent.status === 'processing' : charges.at(-1)?.facts.status === 'pending';
  return isOnItsWay ? 'PROCESSING' : 'PENDING';
}

// The intent knows of every attempt; only where it is not known yet the last charge has to do.
function failureOf({ intent, charges }: Parts, captured: number): string | null {
  if (captured > 0 || intent?.status === 'succeeded') return null;
  if (intent) return intent.failure_code;
  const last = charges.at(-1)?.facts;
  return last?.status === 'failed' ? last.failure_code : null;
}

function ownerOf({ intent, charges }: Parts): OwnerFacts {
  const told = [intent, ...charges.map(({ facts }) => facts)].find((each) => each?.tenant_id);
  if (!told) return { tenant_id: null, user_id: null, booking_id: null };
  return { tenant_id: told.tenant_id, user_id: told.user_id, booking_id: told.booking_id };
}

function toDispute({ id, facts }: Known<DisputeFacts>): DerivedDispute {
  return {
    stripeId: id,
    state: DISPUTE_STATES.get(facts.status) ?? 'UNDER_REVIEW',
    currency: facts.currency,
    amount: facts.amount,
    withdrawn: facts.withdrawn ? facts.amount : 0,
    reason: facts.reason,
    createTime: facts.created,
  };
}
