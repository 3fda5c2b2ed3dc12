import type { Secret } from '@rollcall/runtime';
import { type CallGuard, type CallObserver, createCallGuard } from '@rollcall/transport/guard';
import type Stripe from 'stripe';
import type { StripeGateway } from '../payments/stripe-gateway.ts';
import { STRIPE_CALLS } from './guard-http-client.ts';
import { createStripeClient } from './stripe-client.ts';
import { billingErrorFrom, notConfigured } from './stripe-fault.ts';
import { listOf, retrieve } from './stripe-reads.ts';
import {
  cancelSubscription,
  createCustomer,
  createPaymentIntent,
  createRefund,
  createSubscription,
  deleteCustomer,
  findPaymentIntent,
  findSubscription,
} from './stripe-writes.ts';

/** Options of the gateway. Without `apiKey` every call fails. */
export interface StripeGatewayOptions {
  readonly apiKey: Secret | undefined;
  /** @defaultValue https://api.stripe.com */
  readonly apiBase: URL | undefined;
  /**
   * The maximum duration of one request, in ms.
   * @defaultValue 10000
   */
  readonly timeoutMs?: number;
  /**
   * The number of retries by the package after a missing answer or a failure of Stripe.
   * @defaultValue 2
   */
  readonly maxRetries?: number;
  /**
   * Observes every request.
   * @defaultValue no observer
   */
  readonly observer?: CallObserver;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_RETRIES = 2;

/**
 * Creates a gateway on the official package. It connects with the first call; disposing it closes the
 * connections. After two timeouts in a row its breaker opens, and calls fail at once with
 * STRIPE_UNAVAILABLE until Stripe answers again.
 * @throws StartupError when `apiBase` is unusable.
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
      // Checked here too, because the package would retry a request that its guard refuses.
      guard.requireClosed(what);
      return await call(stripe, argument);
    } catch (error) {
      throw billingErrorFrom(error, what);
    }
  };
}
