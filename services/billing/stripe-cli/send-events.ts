import { localDataDirectory, StartupError } from '@rollcall/runtime';
import type Stripe from 'stripe';
import { fromStripeAmount, refundFaultOf, stepOf, toStripeAmount } from '../money.ts';
import { CUSTOMER_EVENTS } from '../stripe/samples/customer-events.ts';
import { eventSample } from '../stripe/samples/event.ts';
import { PAYMENT_EVENTS } from '../stripe/samples/payment-events.ts';
import { randomLetters, type SamplePayment } from '../stripe/samples/sample-payment.ts';
import { shuffled } from '../stripe/samples/shuffle.ts';
import { storyOf } from '../stripe/samples/stories.ts';
import type { CommandOutput } from './command-line.ts';
import { postEvent, readWebhookSecret, type WebhookAnswer } from './post-event.ts';
import type { SendCommand } from './send-command.ts';
import { createSentPayments, type SentPayments } from './sent-payments.ts';

/**
 * Sends the events of the command and prints the answers. Returns the exit code: 1 when an event was
 * refused.
 */
export async function runSend(
  command: SendCommand,
  env: NodeJS.ProcessEnv,
  { write }: CommandOutput,
): Promise<number> {
  const sent = createSentPayments(localDataDirectory(env));
  const { events, payment } = eventsToSend(command, sent, Math.floor(Date.now() / 1000));
  if (command.isPrinted) {
    for (const event of events) write(`${JSON.stringify(event, null, 2)}\n`);
    return 0;
  }
  const secret = readWebhookSecret(env);
  let refused = 0;
  for (const event of events) {
    const answer = await postEvent(command.url, event, secret);
    if (!isTaken(answer)) refused += 1;
    write(`${event.id} ${event.type} -> ${answer.status} ${answer.text}\n`);
  }
  if (payment && refused < events.length) {
    const isKept = sent.keep(payment);
    const { currencyCode, minorUnits } = fromStripeAmount(
      payment.currency.toUpperCase(),
      BigInt(payment.amount),
    );
    write(`payment ${payment.id}: ${minorUnits} ${currencyCode} in minor units\n`);
    if (isKept) write(`next: npm run stripe -- send charge.refunded --payment ${payment.id}\n`);
  }
  if (refused > 0) write(`${refused} of ${events.length} were not taken\n`);
  return refused > 0 ? 1 : 0;
}

function isTaken({ status }: WebhookAnswer): boolean {
  return status >= 200 && status < 300;
}

/** The events of a command in the order of sending, with their payment. */
interface EventsToSend {
  readonly events: readonly Stripe.Event[];
  /** Undefined: the events are about a customer. */
  readonly payment: SamplePayment | undefined;
}

/**
 * Creates the events of a command.
 * @param now in s since 1970
 * @throws StartupError when the amount and currency of the payment are unknown.
 */
function eventsToSend(command: SendCommand, sent: SentPayments, now: number): EventsToSend {
  const { what } = command;
  if ('type' in what && CUSTOMER_EVENTS.has(what.type))
    return { events: inOrder(command, [customerEvent(command, what.type, now)]), payment: undefined };
  // The story ends at the time of sending.
  const payment = paymentOf(command, sent, 'story' in what ? now - STORY_S : now);
  const events =
    'story' in what ? storyOf(what.story, payment) : [paymentEvent(command, what.type, payment, now)];
  return { events: inOrder(command, events), payment };
}

function inOrder({ shuffle, duplicates }: SendCommand, events: readonly Stripe.Event[]): Stripe.Event[] {
  const all = Array.from({ length: duplicates }, () => events).flat();
  return shuffle === undefined ? all : shuffled(all, shuffle);
}

function paymentEvent(command: SendCommand, type: string, payment: SamplePayment, now: number): Stripe.Event {
  const { refund, outcome } = command;
  const refunded = stripeAmountOf(payment, 'refunded', command.refunded);
  const refundedBefore = stripeAmountOf(payment, 'refunded-before', command.refundedBefore);
  const object = PAYMENT_EVENTS.get(type)?.(payment, { refunded, refundedBefore, refund, outcome }) ?? {};
  return eventSample({ type, object, created: now });
}

function customerEvent(command: SendCommand, type: string, now: number): Stripe.Event {
  const { currency = DEFAULT_CURRENCY } = command;
  const account = {
    customer: command.customer ?? `cus_S${randomLetters(13)}`,
    price: 'price_Sample',
    amount: stripeAmountOf({ currency }, 'amount', command.amount) ?? defaultAmountOf(currency),
    currency,
    created: now,
    metadata: metadataOf(command),
  };
  return eventSample({ type, object: CUSTOMER_EVENTS.get(type)?.(account) ?? {}, created: now });
}

// Longer than any story.
const STORY_S = 60;

const DEFAULT_MINOR_UNITS = 1999n;
const DEFAULT_CURRENCY = 'eur';
const DEFAULT_TENANT = 'demo';

function paymentOf(command: SendCommand, sent: SentPayments, now: number): SamplePayment {
  const before = command.payment === undefined ? undefined : sent.find(command.payment);
  if (command.payment && !before && !command.amount)
    throw new StartupError(
      `Nothing is known of ${command.payment}, because it was not sent from here: say --amount, --currency, --tenant and --user as it has them`,
    );
  const currency = command.currency ?? before?.currency ?? DEFAULT_CURRENCY;
  const isOwned = command.tenant ?? command.user ?? command.booking;
  return {
    id: command.payment ?? `pi_S${randomLetters(23)}`,
    amount:
      stripeAmountOf({ currency }, 'amount', command.amount) ?? before?.amount ?? defaultAmountOf(currency),
    currency,
    created: before?.created ?? now,
    customer: command.customer ?? before?.customer ?? null,
    metadata: before && isOwned === undefined ? before.metadata : metadataOf(command),
  };
}

/**
 * Converts the amount of an option to Stripe's unit.
 * @throws StartupError when Stripe does not accept the amount.
 */
function stripeAmountOf(
  { currency }: Pick<SamplePayment, 'currency'>,
  option: string,
  minorUnits: number | undefined,
): number | undefined {
  if (minorUnits === undefined || minorUnits === 0) return minorUnits;
  const money = { currencyCode: currency.toUpperCase(), minorUnits: BigInt(minorUnits) };
  const fault = refundFaultOf(money);
  if (fault) throw new StartupError(`--${option} ${fault.rule}`);
  return Number(toStripeAmount(money));
}

// The default amount, cut to a multiple that Stripe accepts in the currency.
function defaultAmountOf(currency: string): number {
  const currencyCode = currency.toUpperCase();
  const minorUnits = DEFAULT_MINOR_UNITS - (DEFAULT_MINOR_UNITS % stepOf(currencyCode));
  return Number(toStripeAmount({ currencyCode, minorUnits }));
}

function metadataOf({ tenant = DEFAULT_TENANT, user, booking }: SendCommand): Record<string, string> {
  return { tenant_id: tenant, ...(user && { user_id: user }), ...(booking && { booking_id: booking }) };
}
