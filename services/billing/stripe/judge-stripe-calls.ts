import type { CallGuardOptions } from '@rollcall/transport/guard';
import Stripe from 'stripe';

/** Stripe's answer to one request was a fault, or could not be read. */
export class AnswerFault extends Error {
  override readonly name = 'AnswerFault';
  /** The answer, for the package to make its own error of. */
  readonly response: Stripe.HttpClientResponse;
  /** The status of HTTP, or the code of the error that broke the answer off. */
  readonly code: string;

  constructor(response: Stripe.HttpClientResponse, code: string) {
    super(`Stripe answered ${code}`);
    this.response = response;
    this.code = code;
  }
}

/**
 * What faults of requests to Stripe mean for its breaker. A status below 500 is an answer, a declined card and 429 (too many
 * requests, or an object that another request holds) included: how long to wait after 429 is told to the caller.
 */
export const STRIPE_CALLS = {
  classifier: {
    isOutage: (error) => !(error instanceof AnswerFault && /^4\d\d$/.test(error.code)),
    isTimeout: (error) => codeOfFault(error) === Stripe.HttpClient.TIMEOUT_ERROR_CODE,
    requestedBackoffMs: () => undefined,
  },
  codeOf: codeOfFault,
} as const satisfies Pick<CallGuardOptions, 'classifier' | 'codeOf'>;

function codeOfFault(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
