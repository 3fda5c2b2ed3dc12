import http from 'node:http';
import https from 'node:https';
import { type Secret, StartupError } from '@rollcall/runtime';
import type { CallGuard } from '@rollcall/transport/guard';
import Stripe from 'stripe';
import { guardHttpClient } from './guard-http-client.ts';

/** The version of Stripe's API that billing reads and writes, independent of the account's own. */
export const STRIPE_API_VERSION = '2026-10-28.endive';

/** Options of the client. */
interface StripeClientOptions {
  readonly apiKey: Secret;
  /** Undefined: https://api.stripe.com. */
  readonly apiBase: URL | undefined;
  /** The maximum duration of one request, in ms. */
  readonly timeoutMs: number;
  /** The number of retries by the package. 0: only when the connection was closed under the request. */
  readonly maxRetries: number;
  /** The guard that every request passes, including the package's own retries. Its creator closes it. */
  readonly guard: CallGuard;
}

/** The official package. Disposing it closes the connections. */
interface StripeClient extends Disposable {
  readonly stripe: Stripe;
}

// More concurrent requests would only wait for each other at Stripe's rate limit.
const MAX_SOCKETS = 25;

/**
 * Creates a client that opens no connection yet and sends no telemetry.
 * @throws StartupError when a live key would be sent unencrypted, or `apiBase` has a path.
 */
export function createStripeClient(options: StripeClientOptions): StripeClient {
  const { apiKey, apiBase, timeoutMs, maxRetries, guard } = options;
  const isPlain = apiBase?.protocol === 'http:';
  if (isPlain && apiKey.reveal().includes('_live_'))
    throw new StartupError('STRIPE_API_BASE is not https, and STRIPE_API_KEY is a live key: change one.');
  if (apiBase && apiBase.pathname !== '/')
    throw new StartupError('STRIPE_API_BASE must have no path: correct it or unset it');
  const agent = new (isPlain ? http : https).Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const stripe = new Stripe(apiKey.reveal(), {
    apiVersion: STRIPE_API_VERSION,
    httpClient: guardHttpClient(Stripe.createNodeHttpClient(agent as http.Agent), guard),
    maxNetworkRetries: maxRetries,
    timeout: timeoutMs,
    telemetry: false,
    ...(apiBase && {
      protocol: isPlain ? 'http' : 'https',
      host: apiBase.hostname.replace(/^\[|\]$/g, ''),
      port: apiBase.port || (isPlain ? '80' : '443'),
    }),
  });
  return { stripe, [Symbol.dispose]: () => agent.destroy() };
}
