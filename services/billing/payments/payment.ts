import type { DisputeState, PaymentState, RefundState } from '../ledger/payment-states.ts';
import { fromStripeAmount, type Money, stepOf } from '../money.ts';

export type { DisputeState, PaymentState, RefundState } from '../ledger/payment-states.ts';

/** A refund of a payment. */
export interface Refund {
  /** UUIDv7. */
  readonly id: string;
  /** "re_…" */
  readonly stripeRefundId: string;
  readonly state: RefundState;
  readonly amount: Money;
  /** The exact amount in Stripe's unit. */
  readonly stripeAmount: bigint;
  /** Stripe's code. Null: Stripe gave no reason. */
  readonly reason: string | null;
  readonly createTime: Date;
}

/** The amounts of a payment in Stripe's unit. */
export interface StripeAmounts {
  readonly amount: bigint;
  readonly captured: bigint;
  readonly refunded: bigint;
  /** Part of `refunded`. */
  readonly refundedByCharge: bigint;
}

/** A payment of a user. Its state is derived from Stripe's events only. */
export interface Payment {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  /** Null: the user is unknown. */
  readonly userId: string | null;
  /** Null: the payment is for no booking. */
  readonly bookingId: string | null;
  readonly state: PaymentState;
  readonly amount: Money;
  readonly captured: Money;
  readonly refunded: Money;
  /** The part of `refunded` that a charge reports and no known refund explains. */
  readonly unseenRefunds: Money;
  /** The four amounts above, exact in Stripe's unit. */
  readonly stripeAmounts: StripeAmounts;
  /** Null: there is no dispute. */
  readonly disputeState: DisputeState | null;
  /** Stripe's code for the last failed attempt. Null: the last attempt did not fail. */
  readonly failureCode: string | null;
  /** "pi_…". Null: the payment has no intent. */
  readonly stripePaymentIntentId: string | null;
  /** "ch_…", when the payment has no intent; otherwise null. */
  readonly stripeChargeId: string | null;
  /** "in_…", when the payment has neither intent nor charge; otherwise null. */
  readonly stripeInvoiceId: string | null;
  /** True: real money. Null: unknown, because the row is older than this column. */
  readonly livemode: boolean | null;
  /** "acct_…". Null: the account of the webhook or the key. */
  readonly stripeAccount: string | null;
  readonly createTime: Date;
  /** The time of the first capture by Stripe. Null: no money was captured, or the time is unknown. */
  readonly captureTime: Date | null;
  /** The time of the last refund by Stripe. Null: no money was refunded, or the time is unknown. */
  readonly refundTime: Date | null;
  readonly updateTime: Date;
  /** Oldest first. */
  readonly refunds: readonly Refund[];
}

/** A Stripe event of a payment. */
export interface PaymentEvent {
  /** "evt_…" */
  readonly stripeEventId: string;
  /** "payment_intent.succeeded" */
  readonly type: string;
  /** The time of the event by Stripe. */
  readonly time: Date;
  /** The time at which the event was applied. */
  readonly applyTime: Date;
}

/**
 * The amount that can still be refunded, in minor units, cut to a multiple that Stripe accepts. Pending
 * refunds count as refunded.
 */
export function refundableAmount({ captured: { currencyCode }, stripeAmounts, refunds }: Payment): bigint {
  const live = refunds.filter(({ state }) => state !== 'FAILED' && state !== 'CANCELED');
  const rest = stripeAmounts.captured - stripeAmounts.refundedByCharge;
  const left = live.reduce((sum, { stripeAmount }) => sum - stripeAmount, rest);
  const { minorUnits } = fromStripeAmount(currencyCode, left);
  return minorUnits - (minorUnits % stepOf(currencyCode));
}
