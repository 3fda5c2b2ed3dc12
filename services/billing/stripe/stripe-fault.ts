import { isTargetUnavailable } from '@rollcall/transport/guard';
import Stripe from 'stripe';
import { BillingError } from '../errors.ts';

// Used when Stripe names no delay: about the duration of its rate limit.
const RETRY_DELAY_MS = 1000;
const MAX_RETRY_DELAY_MS = 3_600_000;

/** The refusal of every call without a key. */
export function notConfigured(): BillingError {
  const message = 'The service has no key for Stripe: set STRIPE_API_KEY.';
  return new BillingError('STRIPE_NOT_CONFIGURED', message, { metadata: { variables: 'STRIPE_API_KEY' } });
}

/**
 * Maps an error of the package to a refusal of the domain. Other errors are returned as they are. Stripe's
 * message and the error itself are dropped: they can hold a client secret, a payment method or a part of
 * the key.
 */
export function billingErrorFrom(error: unknown, what: string): unknown {
  if (isTargetUnavailable(error)) return breakerOpen(what);
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  if (isTargetUnavailable(error.detail)) return breakerOpen(what);
  const about = aboutOf(error, what);
  if (error instanceof Stripe.errors.StripeAuthenticationError) return unknownKey(about);
  return isUnavailable(error) ? unavailable(error, about) : refused(about);
}

/** Whether Stripe refused because the object does not exist. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeError &&
    error.statusCode === 404 &&
    error.code === 'resource_missing'
  );
}

/** Returns the result of a read. Undefined when the object does not exist. */
export async function undefinedIfMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

interface About extends Record<string, string> {
  readonly what: string;
  readonly stripe_code: string;
  readonly decline_code: string;
  readonly stripe_request_id: string;
}

function aboutOf(error: Stripe.errors.StripeError, what: string): About {
  return {
    what,
    stripe_code: wordOf(error.code ?? error.rawType),
    decline_code: wordOf(error.decline_code),
    stripe_request_id: wordOf(error.requestId),
  };
}

// Stripe's codes are single words. Other text is dropped.
function wordOf(value: unknown): string {
  return typeof value === 'string' && /^[A-Za-z0-9_]{1,100}$/.test(value) ? value : '';
}

// A conflict with a running request of equal key, or with a lock, passes.
function isUnavailable({ statusCode }: Stripe.errors.StripeError): boolean {
  return statusCode === undefined || statusCode === 409 || statusCode === 429 || statusCode >= 500;
}

function unavailable(error: Stripe.errors.StripeError, about: About): BillingError {
  const { statusCode } = error;
  const why =
    statusCode === 429
      ? 'rate_limited'
      : statusCode === undefined
        ? networkCodeOf(error)
        : `status_${statusCode}`;
  const message = `Stripe could not be asked to ${about.what} (${why}); try again with the same request id.`;
  return new BillingError('STRIPE_UNAVAILABLE', message, {
    metadata: { ...about, why },
    retryDelayMs: retryDelayMs(error),
  });
}

// The breaker is open after failures of Stripe.
function breakerOpen(what: string): BillingError {
  const why = 'breaker_open';
  const message = `Stripe is not asked to ${what} for a moment, because it did not answer just before; try again with the same request id.`;
  return new BillingError('STRIPE_UNAVAILABLE', message, {
    metadata: { what, why },
    retryDelayMs: RETRY_DELAY_MS,
  });
}

function networkCodeOf({ detail }: Stripe.errors.StripeError): string {
  return wordOf((detail as { code?: unknown } | undefined)?.code) || 'no_answer';
}

function retryDelayMs({ headers }: Stripe.errors.StripeError): number {
  const seconds = Number(headers?.['retry-after']);
  return Number.isFinite(seconds) && seconds > 0
    ? Math.min(seconds * 1000, MAX_RETRY_DELAY_MS)
    : RETRY_DELAY_MS;
}

function refused(about: About): BillingError {
  const code = about.stripe_code || 'no code';
  const message = `Stripe refuses to ${about.what}: ${code}${about.decline_code && ` (${about.decline_code})`}.`;
  return new BillingError('STRIPE_REFUSED', message, { metadata: about });
}

function unknownKey(about: About): BillingError {
  const message = 'Stripe does not know the key of the service: correct STRIPE_API_KEY.';
  return new BillingError('STRIPE_NOT_CONFIGURED', message, {
    metadata: { ...about, variables: 'STRIPE_API_KEY' },
  });
}
