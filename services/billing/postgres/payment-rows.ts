import { fromStripeAmount } from '../money.ts';
import type {
  DisputeState,
  Payment,
  PaymentEvent,
  PaymentState,
  Refund,
  RefundState,
} from '../payments/payment.ts';

/** A row of `payments`. Amounts are in Stripe's unit. */
export interface PaymentRow {
  tenant_id: string;
  id: string;
  user_id: string | null;
  booking_id: string | null;
  state: PaymentState;
  currency: string;
  amount: string;
  captured: string;
  refunded: string;
  unseen_refunds: string;
  dispute_state: DisputeState | null;
  failure_code: string | null;
  stripe_payment_intent_id: string;
  stripe_charge_id: string | null;
  stripe_invoice_id: string | null;
  livemode: boolean | null;
  stripe_account: string | null;
  create_time: Date;
  capture_time: Date | null;
  refund_time: Date | null;
  update_time: Date;
}

/** Selects `PaymentRow`. The condition follows. */
export const SELECT_PAYMENTS = `select tenant_id, id, user_id, booking_id, state, currency, amount, captured, refunded, unseen_refunds,
  dispute_state, failure_code, stripe_payment_intent_id, stripe_charge_id, stripe_invoice_id, livemode, stripe_account, create_time, capture_time, refund_time,
  update_time from payments`;

/** A row of `refunds`. The amount is in Stripe's unit. */
export interface RefundRow {
  payment_id: string;
  id: string;
  stripe_refund_id: string;
  state: RefundState;
  currency: string;
  amount: string;
  reason: string | null;
  create_time: Date;
}

/** Selects `RefundRow` for the payments with the ids `$1`. */
export const SELECT_REFUNDS = `select payment_id, id, stripe_refund_id, state, currency, amount, reason, create_time
  from refunds where payment_id = any($1::uuid[]) order by payment_id, create_time, id`;

/** Maps a row and its refunds to a payment. */
export function paymentFromRow(row: PaymentRow, refunds: readonly RefundRow[] = []): Payment {
  const stripeAmounts = {
    amount: BigInt(row.amount),
    captured: BigInt(row.captured),
    refunded: BigInt(row.refunded),
    refundedByCharge: BigInt(row.unseen_refunds),
  };
  const money = (amount: bigint) => fromStripeAmount(row.currency, amount);
  return {
    tenantId: row.tenant_id,
    id: row.id,
    userId: row.user_id,
    bookingId: row.booking_id,
    state: row.state,
    amount: money(stripeAmounts.amount),
    captured: money(stripeAmounts.captured),
    refunded: money(stripeAmounts.refunded),
    unseenRefunds: money(stripeAmounts.refundedByCharge),
    stripeAmounts,
    disputeState: row.dispute_state,
    failureCode: row.failure_code,
    // Without an intent the column holds the charge or the invoice as the key.
    stripePaymentIntentId:
      row.stripe_charge_id === null && row.stripe_invoice_id === null ? row.stripe_payment_intent_id : null,
    stripeChargeId: row.stripe_charge_id,
    stripeInvoiceId: row.stripe_invoice_id,
    livemode: row.livemode,
    stripeAccount: row.stripe_account,
    createTime: row.create_time,
    captureTime: row.capture_time,
    refundTime: row.refund_time,
    updateTime: row.update_time,
    refunds: refunds.map(refundFromRow),
  };
}

function refundFromRow(row: RefundRow): Refund {
  return {
    id: row.id,
    stripeRefundId: row.stripe_refund_id,
    state: row.state,
    amount: fromStripeAmount(row.currency, BigInt(row.amount)),
    stripeAmount: BigInt(row.amount),
    reason: row.reason,
    createTime: row.create_time,
  };
}

/** A row of `payment_events`. */
export interface PaymentEventRow {
  stripe_event_id: string;
  type: string;
  time: Date;
  apply_time: Date;
}

export function eventFromRow(row: PaymentEventRow): PaymentEvent {
  return { stripeEventId: row.stripe_event_id, type: row.type, time: row.time, applyTime: row.apply_time };
}
