import { Code, ConnectError } from '@connectrpc/connect';
import { eventSample, PAYMENT_EVENTS, postEvent, toStripeAmount } from '@rollcall/billing/samples';
import { type Secret, StartupError } from '@rollcall/runtime';
import { SAMPLE_TENANT } from '../sample-users.ts';
import type { BookingPayment, PaymentStep } from './booking-payments.ts';

/** URL of billing, and the secret that events are signed with. */
export interface WebhookTarget {
  /** `http://127.0.0.1:8084` */
  readonly baseUrl: string;
  readonly secret: Secret;
}

/** A created booking, for its payment. */
export interface PaidBooking {
  readonly bookingId: string;
  /** Empty for a booking without a user. */
  readonly userId: string;
  readonly amount: { readonly currencyCode: string; readonly minorUnits: bigint };
}

/**
 * Sends signed events of a payment to billing, with constant ids.
 * @returns whether billing applies them; events of the other mode are only stored
 * @throws ConnectError UNAVAILABLE when they must be sent again
 * @throws StartupError when billing refuses one
 */
export async function sendPaymentEvents(
  { baseUrl, secret }: WebhookTarget,
  payment: BookingPayment,
  paid: PaidBooking,
): Promise<boolean> {
  const url = new URL('/webhooks/stripe', baseUrl);
  const events = payment.steps.map((step, at) => eventOf(step, at, { payment, paid }));
  const answers = await Promise.all(events.map((event) => post(() => postEvent(url, event, secret))));
  return answers.every((text) => !text.includes('"foreign"'));
}

function eventOf(
  { type, afterS, thirds, outcome }: PaymentStep,
  at: number,
  { payment, paid }: { payment: BookingPayment; paid: PaidBooking },
) {
  const { id, createdS } = payment;
  const amount = Number(toStripeAmount(paid.amount));
  const { bookingId, userId } = paid;
  const third = Math.floor(amount / 3);
  const object = {
    ...{ id, amount, created: createdS, customer: null, currency: paid.amount.currencyCode.toLowerCase() },
    metadata: { tenant_id: SAMPLE_TENANT, booking_id: bookingId, ...(userId && { user_id: userId }) },
  };
  const back = thirds && {
    refund: thirds.refund,
    refundedBefore: thirds.before * third,
    refunded: thirds.refunded + thirds.before === 3 ? undefined : thirds.refunded * third,
  };
  return eventSample({
    id: `evt_${id.slice('pi_'.length)}n${at + 1}`,
    type,
    object: PAYMENT_EVENTS.get(type)?.(object, { ...back, outcome }) ?? {},
    created: createdS + afterS,
  });
}

async function post(send: () => ReturnType<typeof postEvent>): Promise<string> {
  const { status, text } = await send().catch((error: Error) => {
    throw new ConnectError(error.message, Code.Unavailable, undefined, undefined, error);
  });
  if (status === 200) return text;
  if (status >= 500 || status === 408) throw new ConnectError(text, Code.Unavailable);
  throw new StartupError(`billing refuses an event of the sample (${status}): ${text}`);
}
