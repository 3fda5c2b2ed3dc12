import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../log/logger.ts';
import { RpcError } from '../errors.ts';
import { peerOf, refuseRest, sendAnswer } from '../ingress/http-answers.ts';
import { type BodySource, readWholeBody } from '../ingress/http-body.ts';
import type { Ingress } from '../ingress/ingress.ts';

/** Answer of a plain route. */
export interface HttpAnswer {
  readonly status: number;
  /** Content type. */
  readonly type: string;
  readonly body: string;
}

/** A plain path that answers GET: health, readiness, metrics. */
export type GetRoute = (request: GetRequest) => Promise<HttpAnswer>;

/** A GET request to a plain path. */
interface GetRequest {
  /** Address of the caller, `host:port`. */
  readonly peer: string;
  /** A header of the request, by lower-case name. */
  header(name: string): string | undefined;
}

/** A plain path that answers POST, for bodies in a form of the sender: webhooks. */
export interface PostRoute {
  /** The longest body, in bytes. A longer one is answered 413 and not read to its end. */
  readonly maxBytes: number;
  /** How long a body may take to arrive. Milliseconds. A slower one is answered 408. @defaultValue 10000 */
  readonly readTimeoutMs?: number;
  /**
   * Host names that may address the path, besides loopback, where callers of the port are not authenticated:
   * those of a tunnel or a proxy in front of it. Lower case; a name without a port allows any port.
   * @defaultValue none
   */
  readonly hosts?: readonly string[];
  /** Must not reject: a rejection is answered 500 without a reason. */
  readonly answer: (post: PostRequest) => Promise<HttpAnswer>;
}

/** A POST request to a plain path. Its sender is not authenticated. */
export interface PostRequest {
  /** The body as it came, byte for byte. */
  readonly body: Buffer;
  /** Address of the caller, `host:port`. */
  readonly peer: string;
  /** A header of the request, by lower-case name. */
  header(name: string): string | undefined;
}

/** A request and its response. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const READ_TIMEOUT_MS = 10_000;

/** Serves a request to a plain path that answers GET. Undefined route: 404. */
export async function serveGet(
  route: GetRoute | undefined,
  { path, request, response }: Exchange & { readonly path: string },
  { publicCalls }: Ingress,
): Promise<void> {
  request.resume();
  if (!route)
    return sendAnswer(response, {
      status: 404,
      type: 'text/plain',
      body: 'There is nothing at this path.\n',
    });
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return sendAnswer(response, { status: 405, type: 'text/plain', body: 'This page answers GET.\n' });
  const entered = publicCalls.enter(path, peerOf(request));
  if (typeof entered !== 'function') {
    response.setHeader('retry-after', Math.ceil(entered.retryMs / 1000));
    return sendAnswer(response, {
      status: 429,
      type: 'text/plain',
      body: 'This page is asked for too often.\n',
    });
  }
  try {
    sendAnswer(response, await route({ peer: peerOf(request), header: headerOf(request) }));
  } finally {
    entered();
  }
}

/** Serves a request to a plain path that answers POST. */
export async function servePost(
  route: PostRoute,
  { request, response }: Exchange,
  { logger, ingress: { partial } }: { logger: Logger; ingress: Ingress },
): Promise<void> {
  if (request.method !== 'POST') {
    request.resume();
    return sendAnswer(response, { status: 405, type: 'text/plain', body: 'This path takes POST.\n' });
  }
  const peer = peerOf(request);
  try {
    const body = await readBody({ request, partial }, route);
    sendAnswer(response, await answerOf(logger, route, { body, peer, header: headerOf(request) }));
  } catch (error) {
    if (!(error instanceof BodyRefusedError)) throw error;
    logger.warn({ path: request.url?.split('?', 1)[0], peer, status: error.status }, error.message);
    refuseRest(request, response);
    sendAnswer(response, { status: error.status, type: 'text/plain', body: `${error.message}\n` });
  }
}

async function answerOf(logger: Logger, route: PostRoute, post: PostRequest): Promise<HttpAnswer> {
  try {
    return await route.answer(post);
  } catch (error) {
    logger.error({ error, peer: post.peer }, 'a plain route failed');
    return { status: 500, type: 'text/plain', body: 'The service failed.\n' };
  }
}

const STATUS = { DEADLINE_EXCEEDED: 408, MESSAGE_TOO_LARGE: 413, OVERLOADED: 503 } as const;

/** A body was not read to its end. Carries the HTTP status of the answer. */
class BodyRefusedError extends Error {
  override readonly name = 'BodyRefusedError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function readBody(source: BodySource, route: PostRoute): Promise<Buffer> {
  const { maxBytes, readTimeoutMs = READ_TIMEOUT_MS } = route;
  try {
    return await readWholeBody({ ...source, maxBytes, timeoutMs: readTimeoutMs });
  } catch (error) {
    if (!(error instanceof RpcError) || !Object.hasOwn(STATUS, error.reason)) throw error;
    throw new BodyRefusedError(STATUS[error.reason as keyof typeof STATUS], error.message);
  }
}

function headerOf(request: IncomingMessage): GetRequest['header'] {
  return (name) => request.headers[name]?.toString();
}
