import { create } from '@bufbuild/protobuf';
import type { Money as MoneyMessage } from '@rollcall/contract';
import {
  CreatePaymentResponseSchema,
  GetPaymentResponseSchema,
  ListPaymentEventsResponseSchema,
  type ListPaymentsRequest,
  ListPaymentsResponseSchema,
  type PaymentService,
  RefundPaymentResponseSchema,
} from '@rollcall/contract/billing';
import { digestOf } from '@rollcall/runtime';
import { type Implementation, invalidField, pageFromRequest, requireStorable } from '@rollcall/runtime/rpc';
import type { UserAliases } from '@rollcall/user-access';
import type { Money } from '../money.ts';
import { createPayment, type PaymentPorts } from '../payments/create-payment.ts';
import { listPaymentEvents, listPayments } from '../payments/list-payments.ts';
import { paymentNotFound } from '../payments/payment-refusals.ts';
import { refundPayment } from '../payments/refund-payment.ts';
import type { NewStripeRefund } from '../payments/stripe-gateway.ts';
import { paymentFaultOf, refundFaultOf } from '../stripe-units.ts';
import { eventPageFrom } from './list-request.ts';
import { moneyFromMessage } from './money-message.ts';
import { statesFromMessage, toEventMessage, toPaymentMessage } from './payment-message.ts';

/** What the calls work with. */
export interface PaymentServicePorts extends PaymentPorts {
  readonly aliases: UserAliases;
}

/** The calls of PaymentService. */
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
      // Field rules have refused any other.
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
