import type { Secret } from '@rollcall/runtime';
import type Stripe from 'stripe';
import type { StripeGateway } from '../payments/stripe-gateway.ts';
import { createStripeClient } from './stripe-client.ts';
import { billingErrorFrom, notConfigured } from './stripe-fault.ts';
import { createPaymentIntent, createRefund, findPaymentIntent } from './stripe-payments.ts';
import { listOf, retrieve } from './stripe-reads.ts';
import {
  cancelSubscription,
  createCustomer,
  createSubscription,
  findSubscription,
} from './stripe-subscriptions.ts';

/** How to reach Stripe; undefined `apiKey`: it cannot be. */
export interface StripeGatewayOptions {
  readonly apiKey: Secret | undefined;
  /** Where to ask; undefined: https://api.stripe.com. */
  readonly apiBase: URL | undefined;
  /** The longest that one request may take, in ms. Default 10000. */
  readonly timeoutMs?: number;
  /** How often the package sends a request again that was not answered, or with a failure of Stripe's own. Default 2. */
  readonly maxRetries?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_RETRIES = 2;

/**
 * Stripe through its official package. Opens no connection before the first call; disposing closes them.
 * @throws StartupError where `apiBase` cannot be used.
 */
export function createStripeGateway(options: StripeGatewayOptions): StripeGateway & Disposable {
  const { apiKey, apiBase, timeoutMs = DEFAULT_TIMEOUT_MS, maxRetries = DEFAULT_MAX_RETRIES } = options;
  if (!apiKey) return gatewayOf(undefined, () => {});
  const client = createStripeClient({ apiKey, apiBase, timeoutMs, maxRetries });
  return gatewayOf(client.stripe, () => client[Symbol.dispose]());
}

function gatewayOf(stripe: Stripe | undefined, close: () => void): StripeGateway & Disposable {
  const asking = <A, T>(what: string, call: (stripe: Stripe, argument: A) => Promise<T>) =>
    askingOf(stripe, what, call);
  return {
    isConfigured: stripe !== undefined,
    createCustomer: asking('make a customer', createCustomer),
    createSubscription: asking('make a subscription', createSubscription),
    findSubscription: asking('find a subscription', findSubscription),
    cancelSubscription: asking('end a subscription', cancelSubscription),
    createPaymentIntent: asking('make a payment intent', createPaymentIntent),
    findPaymentIntent: asking('read a payment intent', findPaymentIntent),
    createRefund: asking('make a refund', createRefund),
    retrieve: (kind, id) => asking(`read a ${kind}`, retrieve)({ kind, id }),
    list: (kind, list) => asking(`list each ${kind}`, listOf)({ kind, ...list }),
    [Symbol.dispose]: close,
  };
}

function askingOf<A, T>(
  stripe: Stripe | undefined,
  what: string,
  call: (stripe: Stripe, argument: A) => Promise<T>,
): (argument: A) => Promise<T> {
  return async (argument) => {
    if (!stripe) throw notConfigured();
    try {
      return await call(stripe, argument);
    } catch (error) {
      throw billingErrorFrom(error, what);
    }
  };
}
