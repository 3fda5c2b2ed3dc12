import type { Users } from '@rollcall/user-access';
import { requestIdReused } from '../errors.ts';
import type { Money } from '../money.ts';
import { requireEligibleUser } from '../require-active-user.ts';
import { requireSameRequest, type WriteRequest } from '../write-request.ts';
import { findEarlierAttempt } from './earlier-attempt.ts';
import type { Payment } from './payment.ts';
import type { KnownPaymentRequest, PaymentReads, PaymentRequests } from './payment-store.ts';
import { idempotencyKey, type PaymentIntent, type Snapshots, type StripeGateway } from './stripe-gateway.ts';

export interface PaymentPorts {
  readonly reads: PaymentReads;
  readonly requests: PaymentRequests;
  readonly snapshots: Snapshots;
  readonly gateway: StripeGateway;
  readonly users: Pick<Users, 'lookUp'>;
  /** @defaultValue the system clock */
  readonly now?: () => Date;
}

/** The payment to create. Ids are in lower case. */
interface CreatePaymentCommand {
  readonly tenantId: string;
  readonly userId: string;
  /** Empty: the payment is for no booking. */
  readonly bookingId: string;
  readonly amount: Money;
  readonly description: string;
  readonly request: WriteRequest;
  readonly signal: AbortSignal;
}

/**
 * A payment with the secret by which the payer confirms it; empty when no confirmation is needed. The
 * secret is never stored.
 */
interface CreatedPayment {
  readonly payment: Payment;
  readonly clientSecret: string;
}

/**
 * Creates a payment, once per request. The request is stored before Stripe is called, and Stripe's answer
 * becomes the payment, so that a repeat or Stripe's own event completes it after a crash.
 * @throws BillingError USER_NOT_ELIGIBLE, USER_UNKNOWN_NOW, REQUEST_ID_REUSED, STRIPE_NOT_CONFIGURED,
 * STRIPE_REFUSED or STRIPE_UNAVAILABLE.
 */
export async function createPayment(
  ports: PaymentPorts,
  command: CreatePaymentCommand,
): Promise<CreatedPayment> {
  const { tenantId, request, signal } = command;
  // Before the user is checked: a finished request stays finished, whatever happened to the user since.
  const before = await ports.requests.find(tenantId, request.id);
  if (before) return resume(ports, command, before);
  const { user } = await requireEligibleUser(ports.users, command, signal);
  const begun = await ports.requests.begin({ tenantId, request });
  return resume(ports, { ...command, userId: user.id }, begun);
}

async function resume(
  ports: PaymentPorts,
  command: CreatePaymentCommand,
  known: KnownPaymentRequest,
): Promise<CreatedPayment> {
  const { tenantId, request } = command;
  requireSameRequest(request, known.request.fingerprint);
  if (known.refund) throw requestIdReused(request.id);
  const intent = known.stripeId === null ? await makeIntent(ports, command, known) : undefined;
  const intentId = intent?.id ?? known.stripeId ?? '';
  const payment = await ports.reads.findByIntent(tenantId, intentId);
  if (!payment) throw new Error(`Payment intent ${intentId} of ${tenantId} has left no payment`);
  return { payment, clientSecret: await secretOf(ports.gateway, payment, intent) };
}

async function makeIntent(
  { gateway, snapshots, requests, now = () => new Date() }: PaymentPorts,
  command: CreatePaymentCommand,
  known: KnownPaymentRequest,
): Promise<PaymentIntent> {
  const { tenantId, request } = command;
  const readTime = now();
  const made = await findEarlierAttempt(gateway, known, readTime);
  const found = made && (await gateway.findPaymentIntent(made.id));
  if (!found) await requests.begin({ tenantId, request });
  const intent = found ?? (await gateway.createPaymentIntent(intentOf(command)));
  await snapshots.apply([intent.object], readTime);
  await requests.finish({ tenantId, requestId: request.id }, intent.id);
  return intent;
}

function intentOf({ tenantId, userId, bookingId, amount, description, request }: CreatePaymentCommand) {
  return {
    amount,
    description,
    metadata: {
      ...{ tenant_id: tenantId, user_id: userId, request_id: request.id },
      ...(bookingId && { booking_id: bookingId }),
    },
    idempotencyKey: idempotencyKey({ what: 'payment', tenantId, requestId: request.id }),
  };
}

// A repeat asks Stripe for the secret, which is not stored; it is needed only before confirmation.
async function secretOf(
  gateway: StripeGateway,
  { state, stripePaymentIntentId }: Payment,
  intent: PaymentIntent | undefined,
): Promise<string> {
  if (intent) return intent.clientSecret;
  if (state !== 'PENDING') return '';
  if (stripePaymentIntentId === null) return '';
  return (await gateway.findPaymentIntent(stripePaymentIntentId))?.clientSecret ?? '';
}
