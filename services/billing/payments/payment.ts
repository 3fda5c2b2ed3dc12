import type { DisputeState, PaymentState, RefundState } from '../ledger/payment-states.ts';
import { fromStripeAmount, type Money, stepOf } from '../money.ts';

export type { DisputeState, PaymentState, RefundState } from '../ledger/payment-states.ts';

/** Money on its way back. */
export interface Refund {
  /** UUIDv7. */
  readonly id: string;
  /** "re_…" */
  readonly stripeRefundId: string;
  readonly state: RefundState;
  readonly amount: Money;
  /** The same as Stripe counts it: nothing is left out. */
  readonly stripeAmount: bigint;
  /** Why, in Stripe's words; null: not said. */
  readonly reason: string | null;
  readonly createTime: Date;
}

/** Amounts of a payment as Stripe counts them. */
export interface StripeAmounts {
  readonly amount: bigint;
  readonly captured: bigint;
  readonly refunded: bigint;
  /** Part of `refunded`. */
  readonly refundedByCharge: bigint;
}

/** Money that a user paid. How it stands is derived from what Stripe tells, and written by nobody else. */
export interface Payment {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  /** Null: nobody who is known. */
  readonly userId: string | null;
  /** Null: for none. */
  readonly bookingId: string | null;
  readonly state: PaymentState;
  readonly amount: Money;
  /** What came in. */
  readonly captured: Money;
  /** What went back. */
  readonly refunded: Money;
  /** The part of `refunded` that a charge reports and no known refund explains. */
  readonly unseenRefunds: Money;
  /** The four as Stripe counts them: nothing is left out. */
  readonly stripeAmounts: StripeAmounts;
  /** Null: there is none. */
  readonly disputeState: DisputeState | null;
  /** Why the last attempt failed, in Stripe's words; null: it did not. */
  readonly failureCode: string | null;
  /** "pi_…"; null: it came without one. */
  readonly stripePaymentIntentId: string | null;
  /** "ch_…", where it came without a payment intent; else null. */
  readonly stripeChargeId: string | null;
  /** "in_…", where it came without both, and an invoice says it was paid; else null. */
  readonly stripeInvoiceId: string | null;
  /** Whether it is real money; null: not known, as of payments of before this was stored. */
  readonly livemode: boolean | null;
  /** "acct_…"; null: the account that the webhook or the key belongs to. */
  readonly stripeAccount: string | null;
  readonly createTime: Date;
  /** When money first came in, by Stripe; null: none did, or it is not known. */
  readonly captureTime: Date | null;
  /** When money last went back, by Stripe; null: none did, or it is not known. */
  readonly refundTime: Date | null;
  readonly updateTime: Date;
  /** Oldest first. */
  readonly refunds: readonly Refund[];
}

/** Something that Stripe told of a payment. */
export interface PaymentEvent {
  /** "evt_…" */
  readonly stripeEventId: string;
  /** "payment_intent.succeeded" */
  readonly type: string;
  /** When it happened, by Stripe. */
  readonly time: Date;
  /** When it was applied here. */
  readonly applyTime: Date;
}

/** What can still be sent back, in minor units: what came in, without what went or is going back, as far as Stripe takes it. */
export function refundableAmount({ captured: { currencyCode }, stripeAmounts, refunds }: Payment): bigint {
  const live = refunds.filter(({ state }) => state !== 'FAILED' && state !== 'CANCELED');
  const rest = stripeAmounts.captured - stripeAmounts.refundedByCharge;
  const left = live.reduce((sum, { stripeAmount }) => sum - stripeAmount, rest);
  const { minorUnits } = fromStripeAmount(currencyCode, left);
  return minorUnits - (minorUnits % stepOf(currencyCode));
}
