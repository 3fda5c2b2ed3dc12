import type { Secret } from '@rollcall/runtime';
import type Stripe from 'stripe';
import type { PaymentIntent, StripeGateway } from '../payments/stripe-gateway.ts';
import { toStripeObject } from './plain-object.ts';
import { createStripeClient } from './stripe-client.ts';
import { billingErrorFrom, isMissing, notConfigured } from './stripe-fault.ts';
import { listOf, retrieverOf } from './stripe-reads.ts';
import { cancelSubscription, createSubscription } from './stripe-subscriptions.ts';

/** How to reach Stripe; undefined `apiKey`: it cannot be. */
export interface StripeGatewayOptions {
  readonly apiKey: Secret | undefined;
  /** Where to ask instead of https://api.stripe.com. */
  readonly apiBase: URL | undefined;
  /** The longest that one request may take, in ms. */
  readonly timeoutMs: number;
  /** How often the package sends a request again that was not answered, or with a failure of Stripe's own. */
  readonly maxRetries: number;
}

/** Stripe through its official package. Disposing it closes the connections. */
export function createStripeGateway(options: StripeGatewayOptions): StripeGateway & Disposable {
  const { apiKey, ...rest } = options;
  if (!apiKey) return withoutKey();
  const client = createStripeClient({ apiKey, ...rest });
  return { ...configured(client.stripe), [Symbol.dispose]: () => client[Symbol.dispose]() };
}

function configured(stripe: Stripe): StripeGateway {
  return {
    isConfigured: true,
    createCustomer: ({ metadata, ...write }) =>
      asking('make a customer', async () =>
        toStripeObject(await stripe.customers.create({ metadata }, write)),
      ),
    createSubscription: (order) => asking('make a subscription', () => createSubscription(stripe, order)),
    cancelSubscription: (order) => asking('end a subscription', () => cancelSubscription(stripe, order)),
    createPaymentIntent: ({ amount, description, metadata, idempotencyKey }) =>
      asking('make a payment intent', async () =>
        toPaymentIntent(
          await stripe.paymentIntents.create(
            {
              amount: Number(amount.minorUnits),
              currency: amount.currencyCode.toLowerCase(),
              automatic_payment_methods: { enabled: true },
              ...(description && { description }),
              metadata,
            },
            { idempotencyKey },
          ),
        ),
      ),
    findPaymentIntent: (id) =>
      asking('read a payment_intent', () =>
        orUndefined(async () => toPaymentIntent(await stripe.paymentIntents.retrieve(id))),
      ),
    createRefund: ({ paymentIntentId, minorUnits, reason, metadata, idempotencyKey }) =>
      asking('make a refund', async () =>
        toStripeObject(
          await stripe.refunds.create(
            {
              payment_intent: paymentIntentId,
              amount: Number(minorUnits),
              ...(reason && { reason }),
              metadata,
            },
            { idempotencyKey },
          ),
        ),
      ),
    retrieve: (kind, id) =>
      asking(`read a ${kind}`, () =>
        orUndefined(async () => toStripeObject(await retrieverOf(stripe, kind)(id))),
      ),
    list: (kind, list) => asking(`list every ${kind}`, () => listOf(stripe, kind, list)),
  };
}

async function asking<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw billingErrorFrom(error, what);
  }
}

async function orUndefined<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function toPaymentIntent(intent: Stripe.PaymentIntent): PaymentIntent {
  return { id: intent.id, clientSecret: intent.client_secret ?? '', object: toStripeObject(intent) };
}

function withoutKey(): StripeGateway & Disposable {
  const refuse = () => Promise.reject(notConfigured());
  return {
    isConfigured: false,
    createCustomer: refuse,
    createSubscription: refuse,
    cancelSubscription: refuse,
    createPaymentIntent: refuse,
    findPaymentIntent: refuse,
    createRefund: refuse,
    retrieve: refuse,
    list: refuse,
    [Symbol.dispose]: () => undefined,
  };
}
