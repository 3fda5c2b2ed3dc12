import { notRefundable, paymentNotFound, requestIdReused } from '../errors.ts';
import type { Money } from '../money.ts';
import { requireSameRequest, type WriteRequest } from '../write-request.ts';
import type { PaymentPorts } from './create-payment.ts';
import { findEarlierAttempt } from './earlier-attempt.ts';
import { type Payment, refundableAmount } from './payment.ts';
import type { KnownPaymentRequest } from './payment-store.ts';
import { idempotencyKey, type NewStripeRefund } from './stripe-gateway.ts';

/** The refund to create. Ids are in lower case. */
interface RefundPaymentCommand {
  readonly tenantId: string;
  readonly id: string;
  /** Absent: the whole refundable amount. */
  readonly amount?: Money;
  readonly reason: NewStripeRefund['reason'];
  readonly request: WriteRequest;
}

type RefundPorts = Omit<PaymentPorts, 'users'>;

/**
 * Refunds a payment, once per request. The request is stored before Stripe is called, as in
 * `createPayment`.
 * @throws BillingError PAYMENT_NOT_FOUND, NOT_REFUNDABLE, REQUEST_ID_REUSED, STRIPE_NOT_CONFIGURED,
 * STRIPE_REFUSED or STRIPE_UNAVAILABLE.
 */
export async function refundPayment(ports: RefundPorts, command: RefundPaymentCommand): Promise<Payment> {
  const { tenantId, id, request } = command;
  const before = await ports.requests.find(tenantId, request.id);
  if (before) requireSameRequest(request, before.request.fingerprint);
  const payment = await ports.reads.find(tenantId, id);
  if (!payment) throw paymentNotFound(tenantId, id);
  const known =
    before ??
    (await ports.requests.begin({
      tenantId,
      request,
      refund: { paymentId: id, minorUnits: requireRefundable(payment, command.amount) },
    }));
  requireSameRequest(request, known.request.fingerprint);
  if (known.stripeId !== null) return payment;
  await refund(ports, command, { known, payment });
  return (await ports.reads.find(tenantId, id)) ?? payment;
}

async function refund(
  { gateway, snapshots, requests, now = () => new Date() }: RefundPorts,
  command: RefundPaymentCommand,
  { known, payment }: { known: KnownPaymentRequest; payment: Payment },
): Promise<void> {
  const { tenantId, request } = command;
  if (!known.refund) throw requestIdReused(request.id);
  const readTime = now();
  const made = await findEarlierAttempt(gateway, known, readTime);
  if (!made) await requests.begin(known);
  const object = made ?? (await gateway.createRefund(refundOf(command, payment, known.refund.minorUnits)));
  await snapshots.apply([object], readTime);
  await requests.finish({ tenantId, requestId: request.id }, object.id);
}

/**
 * Returns the amount to refund, in minor units.
 * @throws BillingError NOT_REFUNDABLE when the payment does not cover it.
 */
function requireRefundable(payment: Payment, amount: Money | undefined): bigint {
  const { id, captured } = payment;
  const left = refundableAmount(payment);
  if (payment.stripeInvoiceId !== null) throw notRefundable(id, 'not_by_stripe', left);
  if (payment.stripeAmounts.captured === 0n) throw notRefundable(id, 'not_captured', left);
  if (left <= 0n) throw notRefundable(id, 'nothing_left', left);
  if (!amount) return left;
  if (amount.currencyCode !== captured.currencyCode) throw notRefundable(id, 'other_currency', left);
  if (amount.minorUnits > left) throw notRefundable(id, 'more_than_left', left);
  return amount.minorUnits;
}

function refundOf(
  { tenantId, request, reason }: RefundPaymentCommand,
  payment: Payment,
  minorUnits: bigint,
): NewStripeRefund {
  return {
    paymentIntentId: payment.stripePaymentIntentId,
    chargeId: payment.stripeChargeId,
    amount: { currencyCode: payment.captured.currencyCode, minorUnits },
    reason,
    metadata: {
      ...{ tenant_id: tenantId, payment_id: payment.id, request_id: request.id },
      user_id: payment.userId ?? '',
    },
    idempotencyKey: idempotencyKey({ what: 'refund', tenantId, requestId: request.id }),
  };
}
