import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Money as MoneyMessage } from '@rollcall/contract';
import {
  CreatePaymentResponseSchema,
  DisputeState as DisputeMessage,
  type PaymentEvent as EventMessage,
  GetPaymentResponseSchema,
  ListPaymentEventsResponseSchema,
  type ListPaymentsRequest,
  ListPaymentsResponseSchema,
  PaymentEventSchema,
  type Payment as PaymentMessage,
  PaymentSchema,
  type PaymentService,
  RefundState as RefundMessage,
  RefundPaymentResponseSchema,
  PaymentState as StateMessage,
} from '@rollcall/contract/billing';
import { digestOf } from '@rollcall/runtime';
import { type Implementation, invalidField, pageFromRequest, requireStorable } from '@rollcall/runtime/rpc';
import type { UserAliases } from '@rollcall/user-access';
import { paymentNotFound } from '../errors.ts';
import { isWhole, type Money, paymentFaultOf, refundFaultOf, unitsOf } from '../money.ts';
import { createPayment, type PaymentPorts } from '../payments/create-payment.ts';
import { listPaymentEvents, listPayments } from '../payments/list-payments.ts';
import type { Payment, PaymentEvent, PaymentState, Refund, StripeAmounts } from '../payments/payment.ts';
import { refundPayment } from '../payments/refund-payment.ts';
import type { NewStripeRefund } from '../payments/stripe-gateway.ts';
import { eventPageFrom, moneyFromMessage } from './request-fields.ts';

export interface PaymentServicePorts extends PaymentPorts {
  readonly aliases: UserAliases;
}

/** Implements PaymentService. */
export function paymentServiceImplementation(
  ports: PaymentServicePorts,
): Implementation<typeof PaymentService> {
  const { reads } = ports;
  return {
    async createPayment({ tenantId, requestId, description: text, ...request }, { signal }) {
      const asked = {
        userId: request.userId.toLowerCase(),
        bookingId: request.bookingId.toLowerCase(),
        amount: amountFrom(request.amount, paymentFaultOf),
        description: requireStorable('description', text),
      };
      const created = await createPayment(ports, {
        ...{ tenantId, ...asked, signal },
        request: { id: requestId.toLowerCase(), fingerprint: digestOf({ call: 'CreatePayment', ...asked }) },
      });
      const { payment, clientSecret } = created;
      return create(CreatePaymentResponseSchema, { payment: toPaymentMessage(payment), clientSecret });
    },
    async refundPayment({ tenantId, requestId, ...request }) {
      const id = request.id.toLowerCase();
      // The field rules of the contract refuse other values.
      const reason = request.reason as NewStripeRefund['reason'];
      const asked = {
        id,
        reason,
        ...(request.amount && { amount: amountFrom(request.amount, refundFaultOf) }),
      };
      const payment = await refundPayment(ports, {
        ...{ tenantId, ...asked },
        request: { id: requestId.toLowerCase(), fingerprint: digestOf({ call: 'RefundPayment', ...asked }) },
      });
      return create(RefundPaymentResponseSchema, { payment: toPaymentMessage(payment) });
    },
    async getPayment({ tenantId, id }) {
      const payment = await reads.find(tenantId, id.toLowerCase());
      if (!payment) throw paymentNotFound(tenantId, id);
      return create(GetPaymentResponseSchema, { payment: toPaymentMessage(payment) });
    },
    async listPayments(request) {
      const filter = filterFrom(request);
      const { page, tokens } = pageFromRequest(request, ['ListPayments', filter]);
      const { rows, next } = await listPayments(ports, { ...page, ...filter });
      return create(ListPaymentsResponseSchema, {
        payments: rows.map(toPaymentMessage),
        nextPageToken: next ? tokens.write(next) : '',
      });
    },
    async listPaymentEvents(request) {
      const paymentId = request.id.toLowerCase();
      const { page, tokens } = eventPageFrom(request, ['ListPaymentEvents', paymentId]);
      const { rows, next } = await listPaymentEvents(reads, { ...page, paymentId });
      return create(ListPaymentEventsResponseSchema, {
        events: rows.map(toEventMessage),
        nextPageToken: next ? tokens.write(next) : '',
      });
    },
  };
}

function filterFrom(request: ListPaymentsRequest) {
  const userId = request.userId.toLowerCase();
  const bookingId = request.bookingId.toLowerCase();
  const states = statesFromMessage(request.states);
  return {
    ...(userId && { userId }),
    ...(bookingId && { bookingId }),
    ...(states.length > 0 && { states }),
  };
}

function amountFrom(message: MoneyMessage | undefined, faultOf: typeof paymentFaultOf): Money {
  const amount = moneyFromMessage(message);
  const fault = faultOf(amount);
  if (fault) throw invalidField(`amount.${fault.field}`, fault.rule);
  return amount;
}

function toPaymentMessage(payment: Payment): PaymentMessage {
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

// Only when the amounts in minor units lose a fraction.
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

function toEventMessage({ time, applyTime, ...rest }: PaymentEvent): EventMessage {
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

/** Maps the requested states, without duplicates and sorted. The field rules refuse unknown ones. */
function statesFromMessage(states: readonly StateMessage[]): PaymentState[] {
  const named = states.map((each) => STATES[each]).filter((each) => each !== undefined);
  return [...new Set(named)].sort();
}
