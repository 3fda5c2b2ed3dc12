// A fake Stripe for tests: it stores objects, pages lists, checks every request by Stripe's rules, and
// fails on demand. It refuses unknown calls, so that a test cannot pass by accident.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { STRIPE_API_VERSION } from '../stripe/stripe-client.ts';
import { StripeAccount, StripeRefusal } from './stripe-account.ts';
import { FaultPlan, type PlannedFault, type StripeFault } from './stripe-faults.ts';
import { answerOf } from './stripe-routes.ts';

/** The key that the fake accepts. */
export const STRIPE_TEST_KEY = 'sk_test_standin';

/** A received request. */
interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey: string | undefined;
  readonly form: ReadonlyMap<string, string>;
  readonly headers: IncomingMessage['headers'];
}

/** The running fake. Disposing it closes every connection. */
export interface StripeServer extends AsyncDisposable {
  readonly url: URL;
  readonly account: StripeAccount;
  /** All received requests, whatever the answer. */
  readonly requests: readonly SeenRequest[];
  /** Plans a fault. */
  plan(fault: PlannedFault): void;
  /** Removes all planned faults. */
  heal(): void;
  /** Deletes every idempotency key, as Stripe does after a day. */
  forgetKeys(): void;
}

/**
 * Starts the fake on a free loopback port.
 * @param now the creation time of objects, in s since 1970. @defaultValue the system clock
 */
export async function startStripeServer(
  now: () => number = () => Math.floor(Date.now() / 1000),
): Promise<StripeServer> {
  const standIn = new StandIn(new StripeAccount(now));
  await standIn.listen();
  return standIn;
}

class StandIn implements StripeServer {
  readonly account: StripeAccount;
  readonly requests: SeenRequest[] = [];
  readonly #faults = new FaultPlan();
  readonly #answers = new Map<string, { what: string; answer: Answer }>();
  readonly #server: Server;

  constructor(account: StripeAccount) {
    this.account = account;
    this.#server = createServer((message, response) => this.#serve(message, response));
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  plan(fault: PlannedFault): void {
    this.#faults.add(fault);
  }

  heal(): void {
    this.#faults.clear();
  }

  forgetKeys(): void {
    this.#answers.clear();
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(message);
    this.requests.push(request);
    const fault = this.#faults.take(request);
    if (fault === 'silence') return;
    if (fault === 'endless body') return sendWithoutEnd(response);
    if (fault === 'drop before') return void message.socket.destroy();
    const answer = typeof fault === 'object' ? failureOf(fault) : this.#answer(request);
    if (fault === 'drop after') return void message.socket.destroy();
    send(response, answer);
  }

  // A repeat with an equal key gets the first answer. The key with another content is refused.
  #answer(request: SeenRequest): Answer {
    const refusal = ruleBroken(request);
    if (refusal) return refusal;
    const { idempotencyKey: key } = request;
    if (key === undefined) return answered(this.account, request);
    const what = JSON.stringify([request.method, request.path, [...request.form]]);
    const before = this.#answers.get(key);
    if (before) return before.what === what ? before.answer : errorOf(400, 'idempotency_error');
    const answer = answered(this.account, request);
    this.#answers.set(key, { what, answer });
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function readRequest(message: IncomingMessage): Promise<SeenRequest> {
  const url = new URL(message.url ?? '/', 'http://stripe');
  const query = message.method === 'POST' ? await text(message) : url.search;
  const key = message.headers['idempotency-key'];
  return {
    method: message.method ?? '',
    path: url.pathname,
    idempotencyKey: typeof key === 'string' ? key : undefined,
    form: new Map(new URLSearchParams(query)),
    headers: message.headers,
  };
}

// Checks the rules of Stripe and of this project for all requests.
function ruleBroken({ method, headers, idempotencyKey }: SeenRequest): Answer | undefined {
  if (headers.authorization !== `Bearer ${STRIPE_TEST_KEY}`) return errorOf(401, 'api_key_unknown');
  if (headers['stripe-version'] !== STRIPE_API_VERSION) return errorOf(400, 'version_not_pinned');
  const isOwnKey = idempotencyKey?.startsWith('stripe-node-retry') === false;
  if (method !== 'GET' && !isOwnKey) return errorOf(400, 'idempotency_key_missing');
  return undefined;
}

function answered(account: StripeAccount, request: SeenRequest): Answer {
  try {
    return { status: 200, body: answerOf(account, request) };
  } catch (error) {
    if (error instanceof StripeRefusal) return errorOf(error.status, error.code);
    throw error;
  }
}

function failureOf({ status, code = '', retryAfterS }: Exclude<StripeFault, string>): Answer {
  const answer = errorOf(status, code);
  return retryAfterS === undefined ? answer : { ...answer, headers: { 'retry-after': String(retryAfterS) } };
}

function errorOf(status: number, code: string): Answer {
  const type = code === 'idempotency_error' ? code : 'invalid_request_error';
  // A message that must never be passed on.
  return { status, body: { error: { type, code, message: 'Card 4242 of Ada Lovelace, says Stripe.' } } };
}

function sendWithoutEnd(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_standin' });
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_standin', ...headers });
  response.end(JSON.stringify(body));
}
