import type { Secret } from '@rollcall/runtime';
import { type CallGuard, type CallObserver, createCallGuard } from '@rollcall/transport/guard';
import type Stripe from 'stripe';
import type { StripeGateway } from '../payments/stripe-gateway.ts';
import { STRIPE_CALLS } from './guard-http-client.ts';
import { createStripeClient } from './stripe-client.ts';
import { billingErrorFrom, notConfigured } from './stripe-fault.ts';
import { createPaymentIntent, createRefund, findPaymentIntent } from './stripe-payments.ts';
import { listOf, retrieve } from './stripe-reads.ts';
import {
  cancelSubscription,
  createCustomer,
  createSubscription,
  deleteCustomer,
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
  /** Hears of every request. Default: nothing is told. */
  readonly observer?: CallObserver;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_RETRIES = 2;

/**
 * Stripe through its official package. Opens no connection before the first call; disposing closes them. After two requests in a
 * row that were not answered in time, calls are refused at once with STRIPE_UNAVAILABLE, until Stripe answers again.
 * @throws StartupError where `apiBase` cannot be used.
 */
export function createStripeGateway(options: StripeGatewayOptions): StripeGateway & Disposable {
  const { apiKey, apiBase, timeoutMs = DEFAULT_TIMEOUT_MS, maxRetries = DEFAULT_MAX_RETRIES } = options;
  if (!apiKey) return gatewayOf(undefined, () => {});
  using stack = new DisposableStack();
  const guard = stack.use(createCallGuard({ target: 'stripe', observer: options.observer, ...STRIPE_CALLS }));
  const { stripe } = stack.use(createStripeClient({ apiKey, apiBase, timeoutMs, maxRetries, guard }));
  const closers = stack.move();
  return gatewayOf({ stripe, guard }, () => closers.dispose());
}

/** The package, and what its requests pass. */
interface Connection {
  readonly stripe: Stripe;
  readonly guard: CallGuard;
}

function gatewayOf(connection: Connection | undefined, close: () => void): StripeGateway & Disposable {
  const asking = <A, T>(what: string, call: (stripe: Stripe, argument: A) => Promise<T>) =>
    guardedCall(connection, what, call);
  return {
    isConfigured: connection !== undefined,
    createCustomer: asking('make a customer', createCustomer),
    deleteCustomer: asking('delete a customer', deleteCustomer),
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

function guardedCall<A, T>(
  connection: Connection | undefined,
  what: string,
  call: (stripe: Stripe, argument: A) => Promise<T>,
): (argument: A) => Promise<T> {
  return async (argument) => {
    if (!connection) throw notConfigured();
    const { stripe, guard } = connection;
    try {
      // Here as well, because the package would send a request again that its guard refuses.
      guard.requireClosed(what);
      return await call(stripe, argument);
    } catch (error) {
      throw billingErrorFrom(error, what);
    }
  };
}
