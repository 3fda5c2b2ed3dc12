import { StartupError } from '@rollcall/runtime';
import type Stripe from 'stripe';
import { CUSTOMER_EVENTS } from '../stripe/samples/customer-events.ts';
import { eventSample } from '../stripe/samples/event.ts';
import { PAYMENT_EVENTS } from '../stripe/samples/payment-events.ts';
import { randomLetters, type SamplePayment } from '../stripe/samples/sample-payment.ts';
import { storyOf } from '../stripe/samples/stories.ts';
import type { SendCommand } from './send-command.ts';
import type { SentPayments } from './sent-payments.ts';
import { shuffled } from './shuffle.ts';

/** The events of a command, in the order in which they go out, and the payment that they are of. */
export interface EventsToSend {
  readonly events: readonly Stripe.Event[];
  /** Undefined: they are of a customer. */
  readonly payment: SamplePayment | undefined;
}

/**
 * Makes the events that a command asks for.
 * @param now in s since 1970
 * @throws StartupError where a payment is meant of which nothing is known
 */
export function eventsToSend(command: SendCommand, sent: SentPayments, now: number): EventsToSend {
  const { what } = command;
  if ('type' in what && CUSTOMER_EVENTS.has(what.type))
    return { events: inOrder(command, [customerEvent(command, what.type, now)]), payment: undefined };
  // A story is over when it is sent.
  const payment = paymentOf(command, sent, 'story' in what ? now - STORY_S : now);
  const events =
    'story' in what ? storyOf(what.story, payment) : [paymentEvent(command, what.type, payment, now)];
  return { events: inOrder(command, events), payment };
}

function inOrder({ shuffle, duplicates }: SendCommand, events: readonly Stripe.Event[]): Stripe.Event[] {
  const all = Array.from({ length: duplicates }, () => events).flat();
  return shuffle === undefined ? all : shuffled(all, shuffle);
}

function paymentEvent(
  { refunded, refundedBefore, refund, outcome }: SendCommand,
  type: string,
  payment: SamplePayment,
  now: number,
): Stripe.Event {
  const object = PAYMENT_EVENTS.get(type)?.(payment, { refunded, refundedBefore, refund, outcome }) ?? {};
  return eventSample({ type, object, created: now });
}

function customerEvent(command: SendCommand, type: string, now: number): Stripe.Event {
  const account = {
    customer: command.customer ?? `cus_S${randomLetters(13)}`,
    price: 'price_Sample',
    amount: command.amount ?? DEFAULT_AMOUNT,
    currency: command.currency ?? DEFAULT_CURRENCY,
    created: now,
    metadata: metadataOf(command),
  };
  return eventSample({ type, object: CUSTOMER_EVENTS.get(type)?.(account) ?? {}, created: now });
}

// Longer than any story.
const STORY_S = 60;

const DEFAULT_AMOUNT = 1999;
const DEFAULT_CURRENCY = 'eur';
const DEFAULT_TENANT = 'demo';

function paymentOf(command: SendCommand, sent: SentPayments, now: number): SamplePayment {
  const before = command.payment === undefined ? undefined : sent.find(command.payment);
  if (command.payment && !before && !command.amount)
    throw new StartupError(
      `Nothing is known of ${command.payment}, because it was not sent from here: say --amount, --currency, --tenant and --user as it has them`,
    );
  const isOwned = command.tenant ?? command.user ?? command.booking;
  return {
    id: command.payment ?? `pi_S${randomLetters(23)}`,
    amount: command.amount ?? before?.amount ?? DEFAULT_AMOUNT,
    currency: command.currency ?? before?.currency ?? DEFAULT_CURRENCY,
    created: before?.created ?? now,
    customer: command.customer ?? before?.customer ?? null,
    metadata: before && isOwned === undefined ? before.metadata : metadataOf(command),
  };
}

function metadataOf({ tenant = DEFAULT_TENANT, user, booking }: SendCommand): Record<string, string> {
  return { tenant_id: tenant, ...(user && { user_id: user }), ...(booking && { booking_id: booking }) };
}
