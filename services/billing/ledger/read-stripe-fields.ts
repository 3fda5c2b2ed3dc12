import {
  amountOf,
  currencyOf,
  fault,
  idOf,
  isRaw,
  optionalAmountOf,
  optionalIdOf,
  optionalTimeOf,
  ownerOf,
  type Raw,
  requiredWordOf,
  timeOf,
  wordOf,
} from './read-fields.ts';
import type { FieldsOf } from './stripe-fields.ts';
import type { StripeKind } from './stripe-object.ts';

/**
 * Reads the fields of an object that the ledger stores. All other fields are dropped.
 * @throws LedgerError SHAPE_UNKNOWN when a field that money depends on is missing or malformed.
 */
export function readStripeFields<K extends StripeKind>(kind: K, raw: Raw): FieldsOf[K] {
  return READERS[kind](raw);
}

const READERS: { readonly [K in StripeKind]: (raw: Raw) => FieldsOf[K] } = {
  payment_intent: (raw) => ({
    status: requiredWordOf(raw, 'status'),
    amount: amountOf(raw, 'amount'),
    amount_received: optionalAmountOf(raw, 'amount_received'),
    currency: currencyOf(raw),
    customer: optionalIdOf(raw, 'customer'),
    failure_code: failureOf(raw.last_payment_error),
    created: timeOf(raw, 'created'),
    ...ownerOf(raw),
  }),
  charge: (raw) => ({
    status: requiredWordOf(raw, 'status'),
    payment_intent: optionalIdOf(raw, 'payment_intent'),
    amount: amountOf(raw, 'amount'),
    captured: raw.captured === true,
    amount_captured: capturedOf(raw),
    amount_refunded: optionalAmountOf(raw, 'amount_refunded'),
    currency: currencyOf(raw),
    customer: optionalIdOf(raw, 'customer'),
    failure_code: wordOf(raw, 'failure_code'),
    created: timeOf(raw, 'created'),
    ...ownerOf(raw),
  }),
  refund: (raw) => ({
    status: requiredWordOf(raw, 'status'),
    payment_intent: optionalIdOf(raw, 'payment_intent'),
    charge: optionalIdOf(raw, 'charge'),
    amount: amountOf(raw, 'amount'),
    currency: currencyOf(raw),
    reason: wordOf(raw, 'reason'),
    failure_reason: wordOf(raw, 'failure_reason'),
    moved: raw.balance_transaction !== null,
    created: timeOf(raw, 'created'),
  }),
  dispute: (raw) => ({
    status: requiredWordOf(raw, 'status'),
    payment_intent: optionalIdOf(raw, 'payment_intent'),
    charge: optionalIdOf(raw, 'charge'),
    amount: amountOf(raw, 'amount'),
    currency: currencyOf(raw),
    reason: wordOf(raw, 'reason'),
    ...movementsOf(raw),
    created: timeOf(raw, 'created'),
  }),
  customer: (raw) => ({ deleted: raw.deleted === true, ...ownerOf(raw) }),
  subscription: (raw) => ({
    status: requiredWordOf(raw, 'status'),
    customer: optionalIdOf(raw, 'customer'),
    current_period_end: periodEndOf(raw),
    cancel_at_period_end: raw.cancel_at_period_end === true,
    cancel_at: optionalTimeOf(raw, 'cancel_at'),
    ended_at: optionalTimeOf(raw, 'ended_at'),
    ...pauseOf(raw.pause_collection),
    ...ownerOf(raw),
  }),
  invoice: (raw) => ({
    status: requiredWordOf(raw, 'status'),
    customer: optionalIdOf(raw, 'customer'),
    payment_intent: optionalIdOf(raw, 'payment_intent'),
    charge: optionalIdOf(raw, 'charge'),
    amount_paid: optionalAmountOf(raw, 'amount_paid'),
    currency: raw.currency === undefined || raw.currency === null ? null : currencyOf(raw),
    created: optionalTimeOf(raw, 'created') ?? 0,
    paid_without_intent: paidWithoutIntent(raw),
    ...ownerOf(raw),
  }),
};

// Until API version 2025-02-24 an invoice names its intent and charge; later ones have a list of payments
// that is mostly not sent.
function paidWithoutIntent(raw: Raw): string | null {
  if (raw.status !== 'paid' || optionalAmountOf(raw, 'amount_paid') === 0) return null;
  const { data = [] } = isRaw(raw.payments) ? raw.payments : {};
  const payments = Array.isArray(data) ? data.filter(isRaw).map(({ payment }) => payment) : [];
  const isOutside = raw.paid_out_of_band === true || payments.length > 0 || raw.payment_intent === null;
  // The intent of an invoice that was marked as paid by hand was canceled. A paying intent would have left
  // a charge.
  const isByHand = raw.paid_out_of_band === true && raw.charge === null;
  const hasIntent = [...(isByHand ? [] : [raw]), ...payments].some(
    (each) => isRaw(each) && optionalIdOf(each, 'payment_intent'),
  );
  if (!isOutside || hasIntent) return null;
  const charges = [raw, ...payments].flatMap((each) =>
    isRaw(each) ? (optionalIdOf(each, 'charge') ?? []) : [],
  );
  return charges[0] ?? objectIdOf(raw);
}

// The bank's decline code is more specific than Stripe's code.
function failureOf(error: unknown): string | null {
  return isRaw(error) ? (wordOf(error, 'decline_code') ?? wordOf(error, 'code')) : null;
}

// Older versions have no captured amount: the whole charge was captured.
function capturedOf(raw: Raw): number {
  if (raw.captured !== true || raw.status !== 'succeeded') return 0;
  return raw.amount_captured === undefined ? amountOf(raw, 'amount') : amountOf(raw, 'amount_captured');
}

// The amounts are in the currency of the account, so only the direction of the money is read.
function movementsOf({ balance_transactions: list = [] }: Raw): {
  movements: number;
  withdrawn: boolean;
} {
  if (!Array.isArray(list)) return fault('balance_transactions');
  const amounts = list.map((each) => (isRaw(each) && typeof each.amount === 'number' ? each.amount : 0));
  return {
    movements: list.length,
    withdrawn: amounts.reduce((sum, each) => sum + each, 0) < 0,
  };
}

function pauseOf(pause: unknown): {
  collection_paused: boolean;
  collection_resumes_at: number | null;
} {
  const isPaused = isRaw(pause);
  return {
    collection_paused: isPaused,
    collection_resumes_at: isPaused ? optionalTimeOf(pause, 'resumes_at') : null,
  };
}

// A field of the subscription until 2025-03-31, then of its items.
function periodEndOf(raw: Raw): number | null {
  const items = isRaw(raw.items) && Array.isArray(raw.items.data) ? raw.items.data : [];
  const ends = [raw, ...items].map((each) =>
    isRaw(each) ? optionalTimeOf(each, 'current_period_end') : null,
  );
  return ends.find((each) => each !== null) ?? null;
}

/**
 * Reads the id of an object.
 * @throws LedgerError SHAPE_UNKNOWN when the id is missing.
 */
export function objectIdOf(raw: Raw): string {
  return idOf(raw, 'id');
}
