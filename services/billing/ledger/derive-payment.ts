import { type ChargeObject, deriveRefunds, type RefundObject } from './derive-refunds.ts';
import type { DerivedDispute, DerivedPayment } from './derived-payment.ts';
import { firstCapture, lastRefund } from './happenings.ts';
import type { OwnerFacts } from './owner.ts';
import { DISPUTE_STATES, type PaymentState } from './payment-states.ts';
import type { Snapshot } from './snapshot.ts';
import type { ChargeFacts, DisputeFacts, IntentFacts, InvoiceFacts, RefundFacts } from './stripe-fields.ts';

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
  /** Only those that say no payment intent paid them. */
  readonly invoices: readonly Known<InvoiceFacts>[];
}

/**
 * A payment from the newest snapshots of its intent, charges, refunds and disputes, and from nothing else. Undefined:
 * neither the intent nor a charge is known, so that nobody can say yet what was to be paid.
 */
export function derivePayment(intent: string, objects: readonly Snapshot[]): DerivedPayment | undefined {
  const known = partsOf(objects);
  const main = known.intent ?? known.charges[0]?.facts ?? known.invoices[0]?.facts;
  if (!main?.currency) return undefined;
  const misfits = objects.filter(({ facts }) => 'currency' in facts && facts.currency !== main.currency);
  const parts = misfits.length === 0 ? known : partsOf(objects.filter((each) => !misfits.includes(each)));
  const { charges, invoices } = parts;
  const captured = Math.max(
    parts.intent?.amount_received ?? 0,
    charges.reduce((sum, { facts }) => sum + facts.amount_captured, 0),
    invoices.reduce((sum, { facts }) => sum + facts.amount_paid, 0),
  );
  const disputes = parts.disputes.map(toDispute);
  const back = deriveRefunds({ captured, charges, refunds: parts.refunds });
  const { refunded } = back;
  const { charge, invoice } = withoutIntent(intent, parts);
  const { livemode, account } = originOf(objects);
  // Field by field, without spreading objects: each event of a payment runs this, and spreading is slow.
  return {
    intent,
    charge,
    invoice,
    state: stateOf(parts, captured, refunded),
    currency: main.currency,
    amount: parts.intent?.amount ?? charges.at(-1)?.facts.amount ?? captured,
    captured,
    refunded,
    unseenRefunds: back.unseenRefunds,
    everRefunded: back.everRefunded,
    disputeState: disputes.at(-1)?.state ?? null,
    failureCode: failureOf(parts, captured),
    customer: toldBy(parts).find(({ customer }) => customer)?.customer ?? null,
    owner: ownerOf(parts),
    createTime: main.created,
    captureTime: captured > 0 ? firstCapture(objects) : null,
    refundTime: refunded > 0 ? lastRefund(objects) : null,
    livemode,
    account,
    refunds: back.refunds,
    disputes,
    misfits: misfits.map(({ id }) => id),
  };
}

function withoutIntent(
  key: string,
  { intent, charges, invoices }: Parts,
): Pick<DerivedPayment, 'charge' | 'invoice'> {
  const isOfCharge = ({ id, facts }: Known<InvoiceFacts>) => id !== key && facts.paid_without_intent === key;
  const isCharge = charges.some(({ id }) => id === key) || invoices.some(isOfCharge);
  const isInvoice = !intent && invoices.some(({ id }) => id === key);
  return { charge: isCharge ? key : null, invoice: isInvoice ? key : null };
}

// What can say whose the payment is, the most telling first.
function toldBy({ intent, charges, invoices }: Parts): (IntentFacts | ChargeFacts | InvoiceFacts)[] {
  const others = [...charges, ...invoices].map(({ facts }) => facts);
  return intent ? [intent, ...others] : others;
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

// Most payments have one of a kind, and no dispute and no invoice.
function partsOf(objects: readonly Snapshot[]): Parts {
  const of = <F extends { created: number }>(kind: Snapshot['kind']) => {
    const parts: Known<F>[] = [];
    for (const each of objects)
      if (each.kind === kind)
        parts.push({ id: each.id, facts: each.facts as unknown as F, asOf: each.key.asOf });
    if (parts.length > 1) parts.sort((a, b) => a.facts.created - b.facts.created || (a.id < b.id ? -1 : 1));
    return parts;
  };
  return {
    intent: of<IntentFacts>('payment_intent')[0]?.facts,
    charges: of<ChargeFacts>('charge'),
    refunds: of<RefundFacts>('refund'),
    disputes: of<DisputeFacts>('dispute'),
    invoices: of<InvoiceFacts>('invoice'),
  };
}

function stateOf({ intent, charges }: Parts, captured: number, refunded: number): PaymentState {
  if (captured > 0 || intent?.status === 'succeeded') {
    if (refunded === 0) return 'SUCCEEDED';
    return refunded < captured ? 'PARTIALLY_REFUNDED' : 'REFUNDED';
  }
  if (intent?.status === 'canceled') return 'CANCELED';
  if (intent?.status === 'requires_capture') return 'AUTHORIZED';
  const set = charges.filter(({ facts }) => facts.status === 'succeeded').map(({ facts }) => facts);
  // Without an intent nobody but the charge says that what was set aside was let go.
  const isLetGo = !intent && set.length > 0 && set.every(isReleased);
  if (set.length > 0) return isLetGo ? 'CANCELED' : 'AUTHORIZED';
  const isOnItsWay = intent ? intent.status === 'processing' : charges.at(-1)?.facts.status === 'pending';
  return isOnItsWay ? 'PROCESSING' : 'PENDING';
}

function isReleased({ payment_intent, captured, amount, amount_refunded }: ChargeFacts): boolean {
  return payment_intent === null && !captured && amount_refunded >= amount;
}

// The intent knows of every attempt; only where it is not known yet the last charge has to do.
function failureOf({ intent, charges }: Parts, captured: number): string | null {
  if (captured > 0 || intent?.status === 'succeeded') return null;
  if (intent) return intent.failure_code;
  const last = charges.at(-1)?.facts;
  return last?.status === 'failed' ? last.failure_code : null;
}

function ownerOf(parts: Parts): OwnerFacts {
  const told = toldBy(parts).find((each) => each.tenant_id);
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
