import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  DisputeState as DisputeMessage,
  type PaymentEvent as EventMessage,
  PaymentEventSchema,
  type Payment as PaymentMessage,
  PaymentSchema,
  RefundState as RefundMessage,
  PaymentState as StateMessage,
} from '@rollcall/contract/billing';
import type { Payment, PaymentEvent, PaymentState, Refund, StripeAmounts } from '../payments/payment.ts';
import { isWhole, unitsOf } from '../stripe-units.ts';

/** A payment as it goes over the wire. */
export function toPaymentMessage(payment: Payment): PaymentMessage {
  const { userId, bookingId, state, disputeState, failureCode, createTime, updateTime, refunds, ...others } =
    payment;
  const { livemode, stripeAccount, unseenRefunds, stripeAmounts, ...more } = others;
  const { stripePaymentIntentId, stripeChargeId, stripeInvoiceId, captureTime, refundTime, ...rest } = more;
  return create(PaymentSchema, {
    ...rest,
    ...(unseenRefunds.minorUnits > 0n && { refundedByCharge: unseenRefunds }),
    userId: userId ?? '',
    bookingId: bookingId ?? '',
    state: StateMessage[state],
    disputeState: disputeState === null ? DisputeMessage.UNSPECIFIED : DisputeMessage[disputeState],
    failureCode: failureCode ?? '',
    ...(livemode !== null && { livemode }),
    stripeAccount: stripeAccount ?? '',
    ...exactAmounts(rest.amount.currencyCode, stripeAmounts),
    stripePaymentIntentId: stripePaymentIntentId ?? '',
    stripeChargeId: stripeChargeId ?? '',
    stripeInvoiceId: stripeInvoiceId ?? '',
    createTime: timestampFromDate(createTime),
    ...(captureTime && { captureTime: timestampFromDate(captureTime) }),
    ...(refundTime && { refundTime: timestampFromDate(refundTime) }),
    updateTime: timestampFromDate(updateTime),
    refunds: refunds.map(toRefundInit),
  });
}

// Only where the amounts beside it leave something out.
function exactAmounts(currencyCode: string, amounts: StripeAmounts) {
  if (Object.values(amounts).every((each) => isWhole(currencyCode, each))) return {};
  return { stripeAmounts: { ...amounts, decimals: unitsOf(currencyCode).decimals } };
}

function toRefundInit({ state, reason, createTime, stripeAmount, ...rest }: Refund) {
  return {
    ...rest,
    ...(!isWhole(rest.amount.currencyCode, stripeAmount) && { stripeAmount }),
    state: RefundMessage[state],
    reason: reason ?? '',
    createTime: timestampFromDate(createTime),
  };
}

/** An event as it goes over the wire. */
export function toEventMessage({ time, applyTime, ...rest }: PaymentEvent): EventMessage {
  return create(PaymentEventSchema, {
    ...rest,
    time: timestampFromDate(time),
    applyTime: timestampFromDate(applyTime),
  });
}

const STATES: Readonly<Record<StateMessage, PaymentState | undefined>> = {
  [StateMessage.UNSPECIFIED]: undefined,
  [StateMessage.PENDING]: 'PENDING',
  [StateMessage.PROCESSING]: 'PROCESSING',
  [StateMessage.AUTHORIZED]: 'AUTHORIZED',
  [StateMessage.SUCCEEDED]: 'SUCCEEDED',
  [StateMessage.PARTIALLY_REFUNDED]: 'PARTIALLY_REFUNDED',
  [StateMessage.REFUNDED]: 'REFUNDED',
  [StateMessage.CANCELED]: 'CANCELED',
};

/** The states that are asked for, each once and in one order. Field rules have refused what the contract does not name. */
export function statesFromMessage(states: readonly StateMessage[]): PaymentState[] {
  const named = states.map((each) => STATES[each]).filter((each) => each !== undefined);
  return [...new Set(named)].sort();
}
