import { createHmac } from 'node:crypto';

/** An event as Stripe sends it, with contact data of the payer. */
export interface StoryEvent {
  readonly id: string;
  readonly type: string;
  readonly created: number;
  readonly api_version: string | null;
  readonly data: { readonly object: Readonly<Record<string, unknown>> };
  readonly [field: string]: unknown;
}

/** Options of a payment's events. */
export interface StoryOptions {
  /** The suffix of the ids: "a1" gives "pi_a1". */
  readonly name: string;
  /**
   * The time of the first event, in s since 1970.
   * @defaultValue 1767225600
   */
  readonly startS?: number;
  /**
   * The interval between events, in s. 0: all in one second.
   * @defaultValue 10
   */
  readonly stepS?: number;
  /** @defaultValue 1999 */
  readonly amount?: number;
  /** @defaultValue 'eur' */
  readonly currency?: string;
  /**
   * Metadata of the intent and its charge.
   * @defaultValue none
   */
  readonly metadata?: Readonly<Record<string, string>>;
  /** @defaultValue '2026-10-28.endive' */
  readonly apiVersion?: string | null;
}

/** Creates the events of one payment, one by one. */
export interface Story {
  readonly intentId: string;
  /** The intent in its state after a change. */
  intent(type: string, change: Record<string, unknown>): StoryEvent;
  /** A charge of the intent. */
  charge(type: string, change: Record<string, unknown>, which?: number): StoryEvent;
  /** A refund of a charge. */
  refund(type: string, change: Record<string, unknown>, which?: number): StoryEvent;
  /** A dispute about a charge. */
  dispute(type: string, change: Record<string, unknown>, which?: number): StoryEvent;
}

const PERSON = {
  name: 'Erika Mustermann',
  email: 'erika@example.org',
  phone: '+49 30 1234567',
  address: { line1: 'Heidestrasse 17', city: 'Köln', postal_code: '51147', country: 'DE' },
};

/** Creates the event factory of one payment. */
export function storyEvents(options: StoryOptions): Story {
  const { name, startS = 1_767_225_600, stepS = 10, amount = 1999, currency = 'eur' } = options;
  const { metadata = {}, apiVersion = '2026-10-28.endive' } = options;
  let count = 0;
  const event = (type: string, object: Record<string, unknown>): StoryEvent => {
    count += 1;
    return {
      id: `evt_${name}_${count}`,
      object: 'event',
      api_version: apiVersion,
      created: startS + count * stepS,
      data: { object },
      livemode: false,
      pending_webhooks: 1,
      request: { id: `req_${name}_${count}`, idempotency_key: null },
      type,
    };
  };
  const [intentId, chargeId] = [`pi_${name}`, (which: number) => `ch_${name}_${which}`];
  const common = { amount, currency, livemode: false, created: startS };
  return {
    intentId,
    intent: (type, change) =>
      event(type, {
        id: intentId,
        object: 'payment_intent',
        ...common,
        amount_received: 0,
        client_secret: `${intentId}_secret_hush`,
        customer: null,
        last_payment_error: null,
        metadata,
        receipt_email: PERSON.email,
        shipping: PERSON,
        status: 'requires_payment_method',
        ...change,
      }),
    charge: (type, change, which = 1) =>
      event(type, {
        id: chargeId(which),
        object: 'charge',
        ...common,
        created: startS + which,
        amount_captured: 0,
        amount_refunded: 0,
        balance_transaction: `txn_${name}_${which}`,
        billing_details: PERSON,
        captured: false,
        customer: null,
        failure_code: null,
        metadata,
        payment_intent: intentId,
        status: 'succeeded',
        ...change,
      }),
    refund: (type, change, which = 1) =>
      event(type, {
        id: `re_${name}_${which}`,
        object: 'refund',
        ...common,
        created: startS + 100 + which,
        balance_transaction: `txn_${name}_re${which}`,
        charge: chargeId(1),
        destination_details: { card: { reference: 'hush' }, type: 'card' },
        metadata: {},
        payment_intent: intentId,
        reason: 'requested_by_customer',
        status: 'succeeded',
        ...change,
      }),
    dispute: (type, change, which = 1) =>
      event(type, {
        id: `dp_${name}_${which}`,
        object: 'dispute',
        ...common,
        created: startS + 200 + which,
        balance_transactions: [],
        charge: chargeId(1),
        evidence: { customer_name: PERSON.name, customer_email_address: PERSON.email },
        metadata: {},
        payment_intent: intentId,
        reason: 'fraudulent',
        status: 'needs_response',
        ...change,
      }),
  };
}

/** The withdrawal in a dispute's list of balance transactions. */
export const WITHDRAWN = [{ id: 'txn_w', object: 'balance_transaction', amount: -1999, currency: 'eur' }];

/** A captured payment with a partial refund and a lost dispute: seven events, first to last. */
export function refundedAndDisputed(options: StoryOptions): StoryEvent[] {
  const story = storyEvents(options);
  const { amount = 1999 } = options;
  const captured = { captured: true, amount_captured: amount };
  const part = Math.floor(amount / 4);
  return [
    story.intent('payment_intent.created', {}),
    story.charge('charge.succeeded', captured),
    story.intent('payment_intent.succeeded', { status: 'succeeded', amount_received: amount }),
    story.refund('refund.created', { amount: part, status: 'pending' }),
    story.refund('refund.updated', { amount: part }),
    story.dispute('charge.dispute.created', {
      balance_transactions: WITHDRAWN,
    }),
    story.dispute('charge.dispute.closed', {
      status: 'lost',
      balance_transactions: WITHDRAWN,
    }),
  ];
}

/**
 * A payment whose partial refund is reported by its charge, then by a pending refund: six events, first to
 * last.
 */
export function refundedByCharge(options: StoryOptions): StoryEvent[] {
  const story = storyEvents(options);
  const { amount = 1999 } = options;
  const captured = { captured: true, amount_captured: amount };
  const part = Math.floor(amount / 4);
  return [
    story.charge('charge.succeeded', captured),
    story.intent('payment_intent.succeeded', {
      status: 'succeeded',
      amount_received: amount,
    }),
    story.charge('charge.refunded', { ...captured, amount_refunded: part }),
    story.refund('refund.created', { amount: part, status: 'pending' }),
    story.refund('refund.updated', { amount: part }),
    story.charge('charge.updated', { ...captured, amount_refunded: part }),
  ];
}

/** Creates the signature header of a delivery. */
export function signatureOf(body: string, secret: string, atMs: number = Date.now()): string {
  const time = Math.floor(atMs / 1000);
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
}
