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
import { type Implementation, invalidField } from '@rollcall/runtime/rpc';
import type { UserAliases } from '@rollcall/user-access';
import type { Money } from '../money.ts';
import { createPayment, type PaymentPorts } from '../payments/create-payment.ts';
import { listPaymentEvents, listPayments } from '../payments/list-payments.ts';
import { paymentNotFound } from '../payments/payment-refusals.ts';
import { refundPayment } from '../payments/refund-payment.ts';
import { MAX_STRIPE_AMOUNT, type NewStripeRefund } from '../payments/stripe-gateway.ts';
import { eventPageFrom, timePageFrom } from './list-request.ts';
import { moneyFromMessage } from './money-message.ts';
import { statesFromMessage, toEventMessage, toPaymentMessage } from './payment-message.ts';
import { storable } from './plan-message.ts';

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
        amount: payable(request.amount),
        description: storable('description', text),
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
      const asked = { id, reason, ...(request.amount && { amount: payable(request.amount) }) };
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
      const { tokens, ...part } = timePageFrom(request, ['ListPayments', filter]);
      const page = await listPayments(ports, { tenantId: request.tenantId, ...part, ...filter });
      return create(ListPaymentsResponseSchema, {
        payments: page.rows.map(toPaymentMessage),
        nextPageToken: page.next ? tokens.write(page.next) : '',
      });
    },
    async listPaymentEvents(request) {
      const [{ tenantId }, paymentId] = [request, request.id.toLowerCase()];
      const { tokens, ...part } = eventPageFrom(request, ['ListPaymentEvents', paymentId]);
      const page = await listPaymentEvents(reads, { tenantId, paymentId, ...part });
      return create(ListPaymentEventsResponseSchema, {
        events: page.rows.map(toEventMessage),
        nextPageToken: page.next ? tokens.write(page.next) : '',
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

function payable(message: MoneyMessage | undefined): Money {
  const amount = moneyFromMessage(message);
  if (amount.minorUnits >= 1n && amount.minorUnits <= MAX_STRIPE_AMOUNT) return amount;
  throw invalidField('amount.minor_units', `must be from 1 to ${MAX_STRIPE_AMOUNT}`);
}
