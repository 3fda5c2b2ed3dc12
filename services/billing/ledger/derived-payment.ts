import { isDeepStrictEqual } from 'node:util';
import type { DisputeState, PaymentState, RefundState } from './payment-states.ts';
import type { OwnerFields } from './stripe-fields.ts';

/** A dispute as the ledger stores it. */
export interface DerivedDispute {
  readonly stripeId: string;
  readonly state: DisputeState;
  readonly currency: string;
  readonly amount: number;
  /** The amount that the bank holds now. */
  readonly withdrawn: number;
  readonly reason: string | null;
  readonly createTime: number;
}

/**
 * A payment as the ledger stores it. Amounts are in Stripe's unit of the currency, times in s since 1970.
 */
export interface DerivedPayment {
  /** The key of the payment: the payment intent, or else the charge, or else the invoice. */
  readonly intent: string;
  /** The charge, when the payment has no intent; otherwise null. */
  readonly charge: string | null;
  /** The invoice, when the payment has neither intent nor charge; otherwise null. */
  readonly invoice: string | null;
  readonly state: PaymentState;
  readonly currency: string;
  readonly amount: number;
  readonly captured: number;
  readonly refunded: number;
  /** The part of `refunded` that a charge reports and no known refund explains. */
  readonly unseenRefunds: number;
  /** The refunded amount including refunds that failed or were canceled later. */
  readonly everRefunded: number;
  readonly disputeState: DisputeState | null;
  readonly failureCode: string | null;
  /** The Stripe customer, who owns the payment when the metadata do not name an owner. */
  readonly customer: string | null;
  /** The owner by the metadata. */
  readonly owner: OwnerFields;
  readonly createTime: number;
  /** The time of the first capture. Null: no money was captured. */
  readonly captureTime: number | null;
  /** The time of the last refund. Null: no money was refunded. */
  readonly refundTime: number | null;
  /** Null: unknown. */
  readonly livemode: boolean | null;
  /** "acct_…". Null: the account of the webhook or the key, or unknown. */
  readonly account: string | null;
  readonly refunds: readonly DerivedRefund[];
  readonly disputes: readonly DerivedDispute[];
  /** The ids of objects that belong to the payment and have another currency. They are left out. */
  readonly mixedCurrency: readonly string[];
}

/** A refund as the ledger stores it. */
export interface DerivedRefund {
  readonly stripeId: string;
  readonly state: RefundState;
  readonly currency: string;
  readonly amount: number;
  /**
   * True: the refund does not count, because no known capture covers it, or it only released a reserved
   * amount.
   */
  readonly held: boolean;
  readonly reason: string | null;
  readonly failureReason: string | null;
  readonly createTime: number;
}

/**
 * Selects the rows of a payment to write: the payment with its changed refunds and disputes. Undefined
 * when nothing changed.
 * @param before undefined when the payment is new or its rows are unknown
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
