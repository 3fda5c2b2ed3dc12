import { readArguments } from '@rollcall/runtime';
import { STRIPE_UNITS } from '../money.ts';
import { CUSTOMER_EVENTS } from '../stripe/samples/customer-events.ts';
import { PAYMENT_EVENTS } from '../stripe/samples/payment-events.ts';
import { STORIES, type Story } from '../stripe/samples/stories.ts';
import { Faults, matching, uuid, webAddress, wholeNumber } from './command-line.ts';

/** The address of the local billing service. */
interface BillingAddress {
  readonly host: string;
  readonly httpPort: number;
}

const DEFAULT_ADDRESS: BillingAddress = { host: '127.0.0.1', httpPort: 8084 };
const OUTCOMES = ['won', 'lost', 'warning_closed'] as const;

/** The text of --help. */
export const SEND_HELP = `npm run stripe -- send TYPE [options]        one event
npm run stripe -- send --story NAME [options] every event of a story

TYPE         ${wrapped([...PAYMENT_EVENTS.keys()])}
             ${wrapped([...CUSTOMER_EVENTS.keys()])}
--story      ${STORIES.join(', ')}
--shuffle    a whole number: the seed of the order of the story's events
--duplicates each event this often; default 1
--payment    pi_…: an event of a payment that was sent before, with its amount, currency and owner
--amount     in minor units of ISO 4217, as everywhere but in events; default 1999
--currency   default EUR
--tenant     default demo
--user       id of the user who pays
--booking    id of the booking
--customer   cus_…; default: none for payments, a new one for customer.… and invoice.…
--refunded   the refunded amount, in minor units; default: the whole rest
--refunded-before  the amount of earlier refunds; default 0
--refund     which refund of the payment, from 1; default 1
--outcome    of charge.dispute.closed: ${OUTCOMES.join(', ')}; default lost
--url        default ${urlAt(DEFAULT_ADDRESS)}, or by BILLING_HOST and BILLING_HTTP_PORT,
             or at the port of a running npm start
--print      prints the events and posts none

Signed with the first of STRIPE_WEBHOOK_SECRETS, else with the secret that npm start keeps in its data directory.
`;

const OPTIONS = {
  story: { type: 'string' },
  shuffle: { type: 'string' },
  duplicates: { type: 'string' },
  payment: { type: 'string' },
  amount: { type: 'string' },
  currency: { type: 'string' },
  tenant: { type: 'string' },
  user: { type: 'string' },
  booking: { type: 'string' },
  customer: { type: 'string' },
  refunded: { type: 'string' },
  'refunded-before': { type: 'string' },
  refund: { type: 'string' },
  outcome: { type: 'string' },
  url: { type: 'string' },
  print: { type: 'boolean' },
} as const;

/** The events to send. An undefined field may be known from an earlier event of the payment. */
export interface SendCommand {
  readonly what: { readonly type: string } | { readonly story: Story };
  readonly shuffle: number | undefined;
  readonly duplicates: number;
  readonly payment: string | undefined;
  /** This and the other amounts are in minor units of ISO 4217. */
  readonly amount: number | undefined;
  /** In lower case. */
  readonly currency: string | undefined;
  readonly tenant: string | undefined;
  readonly user: string | undefined;
  readonly booking: string | undefined;
  readonly customer: string | undefined;
  readonly refunded: number | undefined;
  readonly refundedBefore: number | undefined;
  readonly refund: number | undefined;
  readonly outcome: (typeof OUTCOMES)[number] | undefined;
  readonly url: URL;
  readonly isPrinted: boolean;
}

// Stripe's maximum for any currency. The maximum of the payment's currency is checked with the payment.
const MAX_AMOUNT = 999_999_999_999;
const amount = wholeNumber(1, MAX_AMOUNT);

/**
 * Reads the command line.
 * @param address the local billing service, used without --url
 * @throws StartupError with all faults, one line each.
 */
export function readSendCommand(args: readonly string[], address = DEFAULT_ADDRESS): SendCommand {
  const { values, positionals } = readArguments(args, OPTIONS);
  const faults = new Faults();
  const read = <T>(option: keyof typeof values, parse: (text: string) => T) =>
    faults.read(option, values[option] as string | undefined, parse);
  const command = {
    shuffle: read('shuffle', wholeNumber(0, 2 ** 32 - 1)),
    duplicates: read('duplicates', wholeNumber(1, 100)) ?? 1,
    payment: read('payment', matching(/^pi_[A-Za-z0-9]{1,200}$/, 'the id of a payment intent, pi_…')),
    amount: read('amount', amount),
    currency: read('currency', stripeCurrency)?.toLowerCase(),
    tenant: read('tenant', matching(/^[a-z0-9][a-z0-9-]{0,62}$/, 'the id of a tenant')),
    user: read('user', uuid)?.toLowerCase(),
    booking: read('booking', uuid)?.toLowerCase(),
    customer: read('customer', matching(/^cus_[A-Za-z0-9]{1,200}$/, 'the id of a customer, cus_…')),
    refunded: read('refunded', amount),
    refundedBefore: read('refunded-before', wholeNumber(0, MAX_AMOUNT)),
    refund: read('refund', wholeNumber(1, 99)),
    outcome: read('outcome', oneOf(OUTCOMES)),
    url: read('url', webAddress) ?? new URL(urlAt(address)),
    isPrinted: values.print === true,
  };
  const story = read('story', oneOf(STORIES));
  const what = values.story === undefined || story ? whatOf(positionals, story, faults) : undefined;
  faults.throwIfAny();
  return { ...command, what: what as SendCommand['what'] };
}

function stripeCurrency(text: string): string {
  if (STRIPE_UNITS.has(text.toUpperCase())) return text;
  throw new Error('the ISO 4217 code of a currency that Stripe takes, such as EUR');
}

function whatOf(
  [type, ...rest]: readonly string[],
  story: Story | undefined,
  faults: Faults,
): SendCommand['what'] | undefined {
  if (rest.length > 0) faults.add(`"${rest[0]}" is one argument too many`);
  if (story !== undefined && type === undefined) return { story };
  if (story !== undefined) faults.add('say a type of event or --story, not both');
  else if (type === undefined)
    faults.add('say a type of event, such as payment_intent.succeeded, or --story');
  else if (!PAYMENT_EVENTS.has(type) && !CUSTOMER_EVENTS.has(type))
    faults.add(`"${type}" is no type of event that is known here`);
  return type === undefined ? undefined : { type };
}

function urlAt({ host, httpPort }: BillingAddress): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${httpPort}/webhooks/stripe`;
}

function oneOf<const T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((each) => each === text);
    if (found !== undefined) return found;
    throw new Error(`one of ${choices.join(', ')}`);
  };
}

function wrapped(names: readonly string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length < 105) lines.splice(-1, 1, `${last} ${name}`);
    else lines.push(name);
  }
  return lines.join('\n             ');
}
