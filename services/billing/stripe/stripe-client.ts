import http from 'node:http';
import https from 'node:https';
import { type Secret, StartupError } from '@rollcall/runtime';
import type { CallGuard } from '@rollcall/transport/guard';
import Stripe from 'stripe';
import { guardHttpClient } from './guard-http-client.ts';

/** The version of Stripe's API that billing reads and writes, whatever the account's own is. */
export const STRIPE_API_VERSION = '2026-10-28.endive';

/** How to reach Stripe. */
interface StripeClientOptions {
  readonly apiKey: Secret;
  /** Where to ask instead of https://api.stripe.com; undefined: there. */
  readonly apiBase: URL | undefined;
  /** The longest that one request may take, in ms. */
  readonly timeoutMs: number;
  /** How often the package sends a request again. 0: only where its connection was closed under it. */
  readonly maxRetries: number;
  /** What every request passes, those that the package sends again included. Whoever made it closes it. */
  readonly guard: CallGuard;
}

/** The official package, and what closes its connections. */
interface StripeClient extends Disposable {
  readonly stripe: Stripe;
}

// More at once than this only wait for one another at Stripe's own limit.
const MAX_SOCKETS = 25;

/**
 * Opens nothing yet. Nothing is told to Stripe about this machine.
 * @throws StartupError where a live key would go over a connection that is not encrypted, or `apiBase` has a path.
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
