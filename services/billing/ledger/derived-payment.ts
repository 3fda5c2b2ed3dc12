import { isDeepStrictEqual } from 'node:util';
import type { DisputeState, PaymentState, RefundState } from './payment-states.ts';
import type { OwnerFields } from './stripe-fields.ts';

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
  /** The payment intent; of money that came without one the charge, or the invoice. */
  readonly intent: string;
  /** Where there is no payment intent: the charge that the money came by; else null. */
  readonly charge: string | null;
  /** Where there is neither: the invoice that says it was paid; else null. */
  readonly invoice: string | null;
  readonly state: PaymentState;
  readonly currency: string;
  readonly amount: number;
  readonly captured: number;
  readonly refunded: number;
  /** The part of `refunded` that a charge reports and no known refund explains. */
  readonly unseenRefunds: number;
  /** What ever went back: `refunded`, and what of it was given back again. */
  readonly everRefunded: number;
  readonly disputeState: DisputeState | null;
  readonly failureCode: string | null;
  /** The customer at Stripe: whose the payment is where the metadata do not say it. */
  readonly customer: string | null;
  /** As the metadata say. */
  readonly owner: OwnerFields;
  readonly createTime: number;
  /** When money first came in; null: none did. */
  readonly captureTime: number | null;
  /** When money last went back; null: none did. */
  readonly refundTime: number | null;
  /** Null: not known. */
  readonly livemode: boolean | null;
  /** "acct_…"; null: the account that the webhook or the key belongs to, or not known. */
  readonly account: string | null;
  readonly refunds: readonly DerivedRefund[];
  readonly disputes: readonly DerivedDispute[];
  /** What belongs to the intent by name, and is in another currency: it is left out. */
  readonly mixedCurrency: readonly string[];
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

/**
 * What of a payment is to be written: itself with those refunds and disputes that are not as they were. Undefined: nothing.
 * @param before undefined: there was none, or nobody knows how it was written
 */
export function changedParts(
  before: DerivedPayment | undefined,
  now: DerivedPayment,
): DerivedPayment | undefined {
  if (!before) return now;
  if (isDeepStrictEqual(before, now)) return undefined;
  return {
    ...now,
    refunds: changed(before.refunds, now.refunds),
    disputes: changed(before.disputes, now.disputes),
  };
}

function changed<T extends { readonly stripeId: string }>(before: readonly T[], now: readonly T[]): T[] {
  const known = new Map(before.map((each) => [each.stripeId, each]));
  return now.filter((each) => !isDeepStrictEqual(known.get(each.stripeId), each));
}
