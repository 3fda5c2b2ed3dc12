import type { CallGuard, CallGuardOptions } from '@rollcall/transport/guard';
import Stripe from 'stripe';

type MakeRequest = Stripe.HttpClient['makeRequest'];
type Request = Parameters<MakeRequest>;

/**
 * An HTTP client of which every request passes the guard, those that the package sends again included. A request ends with its
 * body, for which it has its timeout once more.
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

/** @throws AnswerFault where the status is one of a fault or the body does not come; the client's own error without an answer */
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

/** The body, which the package itself would await for as long as some byte of it comes now and then. */
async function readBody(answer: Stripe.HttpClientResponse, timeoutMs: number): Promise<unknown> {
  const raw = answer.getRawResponse() as { destroy(error: Error): void };
  const timer = setTimeout(() => raw.destroy(Stripe.HttpClient.makeTimeoutError()), timeoutMs);
  try {
    return await answer.toJSON();
  } finally {
    clearTimeout(timer);
  }
}

/** The same read again; for a write, which must not be repeated behind its caller's back, a look at what it writes. */
function toProbe(request: Request): Request {
  const [host, port, path, method, headers, , protocol, timeoutMs] = request;
  if (method === 'GET') return request;
  const [, version, resource] = path.split('/');
  const { Authorization, Accept, 'Stripe-Version': apiVersion, 'User-Agent': agent } = headers;
  const kept = { Authorization, Accept, 'Stripe-Version': apiVersion, 'User-Agent': agent } as typeof headers;
  return [host, port, `/${version}/${resource}?limit=1`, 'GET', kept, '', protocol, timeoutMs];
}

/** `POST /v1/payment_methods/{id}/attach`: few names, and no id in them. */
function nameOf([, , path, method]: Request): string {
  const segments = (path.split('?')[0] ?? '').split('/');
  // After the empty first one and the version: resource, id, resource or action, id, …
  const named = segments.map((segment, at) => (at >= 3 && at % 2 === 1 ? '{id}' : segment));
  return `${method} ${named.join('/')}`;
}

/** Stripe's answer to one request was a fault, or could not be read. */
class AnswerFault extends Error {
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
