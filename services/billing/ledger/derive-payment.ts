import { type ChargeObject, deriveRefunds, type RefundObject } from './derive-refunds.ts';
import type { DerivedDispute, DerivedPayment } from './derived-payment.ts';
import { DISPUTE_STATES, type PaymentState } from './payment-states.ts';
import { firstCapture, lastRefund } from './payment-times.ts';
import type { Snapshot } from './snapshot.ts';
import type {
  ChargeFields,
  DisputeFields,
  IntentFields,
  InvoiceFields,
  OwnerFields,
  RefundFields,
} from './stripe-fields.ts';

type Known<F> = {
  readonly id: string;
  readonly fields: F;
  readonly asOf: number;
};

interface Parts {
  readonly intent: IntentFields | undefined;
  readonly charges: readonly ChargeObject[];
  readonly refunds: readonly RefundObject[];
  readonly disputes: readonly Known<DisputeFields>[];
  /** Only paid invoices without a payment intent. */
  readonly invoices: readonly Known<InvoiceFields>[];
}

/**
 * Derives a payment from the newest snapshots of its objects, and from nothing else. Undefined when no
 * intent, charge or invoice with a currency is known.
 */
export function derivePayment(intent: string, objects: readonly Snapshot[]): DerivedPayment | undefined {
  const known = partsOf(objects);
  const main = known.intent ?? known.charges[0]?.fields ?? known.invoices[0]?.fields;
  if (!main?.currency) return undefined;
  const mixedCurrency = objects.filter(
    ({ fields }) => 'currency' in fields && fields.currency !== main.currency,
  );
  const parts =
    mixedCurrency.length === 0 ? known : partsOf(objects.filter((each) => !mixedCurrency.includes(each)));
  const { charges, invoices } = parts;
  const captured = Math.max(
    parts.intent?.amount_received ?? 0,
    charges.reduce((sum, { fields }) => sum + fields.amount_captured, 0),
    invoices.reduce((sum, { fields }) => sum + fields.amount_paid, 0),
  );
  const disputes = parts.disputes.map(toDispute);
  const back = deriveRefunds({ captured, charges, refunds: parts.refunds });
  const { refunded } = back;
  const { charge, invoice } = withoutIntent(intent, parts);
  const { livemode, account } = originOf(objects);
  // Without spreading objects, which is slow: this runs for each event of a payment.
  return {
    intent,
    charge,
    invoice,
    state: stateOf(parts, captured, refunded),
    currency: main.currency,
    amount: parts.intent?.amount ?? charges.at(-1)?.fields.amount ?? captured,
    captured,
    refunded,
    unseenRefunds: back.unseenRefunds,
    everRefunded: back.everRefunded,
    disputeState: disputes.at(-1)?.state ?? null,
    failureCode: failureOf(parts, captured),
    customer: ownerSources(parts).find(({ customer }) => customer)?.customer ?? null,
    owner: ownerOf(parts),
    createTime: main.created,
    captureTime: captured > 0 ? firstCapture(objects) : null,
    refundTime: refunded > 0 ? lastRefund(objects) : null,
    livemode,
    account,
    refunds: back.refunds,
    disputes,
    mixedCurrency: mixedCurrency.map(({ id }) => id),
  };
}

function withoutIntent(
  key: string,
  { intent, charges, invoices }: Parts,
): Pick<DerivedPayment, 'charge' | 'invoice'> {
  const isOfCharge = ({ id, fields }: Known<InvoiceFields>) =>
    id !== key && fields.paid_without_intent === key;
  const isCharge = charges.some(({ id }) => id === key) || invoices.some(isOfCharge);
  const isInvoice = !intent && invoices.some(({ id }) => id === key);
  return { charge: isCharge ? key : null, invoice: isInvoice ? key : null };
}

// The objects that can name the owner, by priority.
function ownerSources({ intent, charges, invoices }: Parts): (IntentFields | ChargeFields | InvoiceFields)[] {
  const others = [...charges, ...invoices].map(({ fields }) => fields);
  return intent ? [intent, ...others] : others;
}

// All objects of a payment have one mode and account, which may be unknown for some.
function originOf(objects: readonly Snapshot[]): {
  livemode: boolean | null;
  account: string | null;
} {
  const origins = objects.flatMap(({ origin }) => origin ?? []);
  const account = origins.find((each) => each.account !== null)?.account ?? null;
  return { livemode: origins[0]?.livemode ?? null, account };
}

// Optimised for the common payment: one object of a kind, no dispute, no invoice.
function partsOf(objects: readonly Snapshot[]): Parts {
  const of = <F extends { created: number }>(kind: Snapshot['kind']) => {
    const parts: Known<F>[] = [];
    for (const each of objects)
      if (each.kind === kind)
        parts.push({ id: each.id, fields: each.fields as unknown as F, asOf: each.key.asOf });
    if (parts.length > 1) parts.sort((a, b) => a.fields.created - b.fields.created || (a.id < b.id ? -1 : 1));
    return parts;
  };
  return {
    intent: of<IntentFields>('payment_intent')[0]?.fields,
    charges: of<ChargeFields>('charge'),
    refunds: of<RefundFields>('refund'),
    disputes: of<DisputeFields>('dispute'),
    invoices: of<InvoiceFields>('invoice'),
  };
}

function stateOf({ intent, charges }: Parts, captured: number, refunded: number): PaymentState {
  if (captured > 0 || intent?.status === 'succeeded') {
    if (refunded === 0) return 'SUCCEEDED';
    return refunded < captured ? 'PARTIALLY_REFUNDED' : 'REFUNDED';
  }
  if (intent?.status === 'canceled') return 'CANCELED';
  if (intent?.status === 'requires_capture') return 'AUTHORIZED';
  const set = charges.filter(({ fields }) => fields.status === 'succeeded').map(({ fields }) => fields);
  // Without an intent only the charge shows that the reserved amount was released.
  const isLetGo = !intent && set.length > 0 && set.every(isReleased);
  if (set.length > 0) return isLetGo ? 'CANCELED' : 'AUTHORIZED';
  const isOnItsWay = intent ? intent.status === 'processing' : charges.at(-1)?.fields.status === 'pending';
  return isOnItsWay ? 'PROCESSING' : 'PENDING';
}

function isReleased({ payment_intent, captured, amount, amount_refunded }: ChargeFields): boolean {
  return payment_intent === null && !captured && amount_refunded >= amount;
}

// The intent knows every attempt. The last charge is used only while the intent is unknown.
function failureOf({ intent, charges }: Parts, captured: number): string | null {
  if (captured > 0 || intent?.status === 'succeeded') return null;
  if (intent) return intent.failure_code;
  const last = charges.at(-1)?.fields;
  return last?.status === 'failed' ? last.failure_code : null;
}

function ownerOf(parts: Parts): OwnerFields {
  const source = ownerSources(parts).find((each) => each.tenant_id);
  if (!source) return { tenant_id: null, user_id: null, booking_id: null };
  return { tenant_id: source.tenant_id, user_id: source.user_id, booking_id: source.booking_id };
}

function toDispute({ id, fields }: Known<DisputeFields>): DerivedDispute {
  return {
    stripeId: id,
    state: DISPUTE_STATES.get(fields.status) ?? 'UNDER_REVIEW',
    currency: fields.currency,
    amount: fields.amount,
    withdrawn: fields.withdrawn ? fields.amount : 0,
    reason: fields.reason,
    createTime: fields.created,
  };
}
