import type { CallGuard, CallGuardOptions } from '@rollcall/transport/guard';
import Stripe from 'stripe';

type MakeRequest = Stripe.HttpClient['makeRequest'];
type Request = Parameters<MakeRequest>;

/**
 * Wraps an HTTP client so that every request passes the guard, including the package's own retries. A
 * request ends with its body, which has a timeout of its own.
 */
export function guardHttpClient(inner: Stripe.HttpClient, guard: CallGuard): Stripe.HttpClient {
  return {
    getClientName: () => inner.getClientName(),
    async makeRequest(...request) {
      const probe = toProbe(request);
      try {
        return await guard.run(() => answerOf(inner, request), {
          method: nameOf(request),
          probe: () => answerOf(inner, probe),
          probeMethod: nameOf(probe),
        });
      } catch (error) {
        if (error instanceof AnswerFault) return error.response;
        throw error;
      }
    },
  };
}

/**
 * @throws AnswerFault when the status is an error or the body is cut off, or the client's own error when
 * there is no answer.
 */
async function answerOf(inner: Stripe.HttpClient, request: Request): Promise<Stripe.HttpClientResponse> {
  const timeoutMs = request[7];
  const answer = await inner.makeRequest(...request);
  const body = readBody(answer, timeoutMs);
  const response: Stripe.HttpClientResponse = {
    getStatusCode: () => answer.getStatusCode(),
    getHeaders: () => answer.getHeaders(),
    getRawResponse: () => answer.getRawResponse(),
    toStream: (onEnd) => answer.toStream(onEnd),
    toJSON: () => body,
  };
  const fault = await body.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
  if (fault !== undefined) throw new AnswerFault(response, fault);
  const status = answer.getStatusCode();
  if (status >= 400) throw new AnswerFault(response, String(status));
  return response;
}

/** Reads the body with a timeout. The package itself would wait as long as single bytes arrive. */
async function readBody(answer: Stripe.HttpClientResponse, timeoutMs: number): Promise<unknown> {
  const raw = answer.getRawResponse() as { destroy(error: Error): void };
  const timer = setTimeout(() => raw.destroy(Stripe.HttpClient.makeTimeoutError()), timeoutMs);
  try {
    return await answer.toJSON();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The request that probes an open breaker: an equal read, or a list request in place of a write, which
 * must not be repeated.
 */
function toProbe(request: Request): Request {
  const [host, port, path, method, headers, , protocol, timeoutMs] = request;
  if (method === 'GET') return request;
  const [, version, resource] = path.split('/');
  const { Authorization, Accept, 'Stripe-Version': apiVersion, 'User-Agent': agent } = headers;
  const kept = { Authorization, Accept, 'Stripe-Version': apiVersion, 'User-Agent': agent } as typeof headers;
  return [host, port, `/${version}/${resource}?limit=1`, 'GET', kept, '', protocol, timeoutMs];
}

/** `POST /v1/payment_methods/{id}/attach`: a method name without ids. */
function nameOf([, , path, method]: Request): string {
  const segments = (path.split('?')[0] ?? '').split('/');
  // The segments after an empty one and the version alternate: resource, id, resource or action, id, …
  const named = segments.map((segment, at) => (at >= 3 && at % 2 === 1 ? '{id}' : segment));
  return `${method} ${named.join('/')}`;
}

/** An answer of Stripe with an error status, or with an unreadable body. */
class AnswerFault extends Error {
  override readonly name = 'AnswerFault';
  /** The answer, from which the package creates its own error. */
  readonly response: Stripe.HttpClientResponse;
  /** The HTTP status, or the code of the error that cut the answer off. */
  readonly code: string;

  constructor(response: Stripe.HttpClientResponse, code: string) {
    super(`Stripe answered ${code}`);
    this.response = response;
    this.code = code;
  }
}

/**
 * Classifies faults for Stripe's breaker. A status below 500 is an answer, which includes a declined card
 * and 429 (rate limit or locked object). The caller receives the delay of a 429.
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
