import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Code, type ContextValues, createContextValues } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerRequest } from '@connectrpc/connect/protocol';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import type { Logger } from '../logger.ts';
import { arrivalKey, type HttpArrival } from './http-call.ts';
import { listenHttp, type OpenGate } from './http-listener.ts';
import { toHttpHandlers } from './http-routes.ts';
import { explainResponse } from './http-unserved.ts';
import type { OpenDoor } from './open-door.ts';
import { BodyRefused, type PlainAnswer, type PlainRoute, readBody } from './plain-route.ts';
import type { Route } from './route.ts';
import { checkRequest } from './sizes/http-request.ts';
import { requestSizes } from './sizes/request-sizes.ts';
import { explainUnserved } from './unserved.ts';

/** A plain page beside the calls: health, metrics. Answers GET. */
export type Page = (asker: PageAsker) => Promise<{
  status: number;
  type: string;
  body: string;
}>;

/** Who asks for a page, as far as the request says. */
export interface PageAsker {
  /** Address of the caller, `host:port`. */
  readonly peer: string;
  /** A header of the request, by lower-case name. */
  header(name: string): string | undefined;
}

/** Where and how the HTTP door listens. */
export interface HttpDoorOptions {
  readonly routes: readonly Route[];
  /** Plain pages by path: `/healthz`. */
  readonly pages: Readonly<Record<string, Page>>;
  /** Plain paths that take a body, by path: `/webhooks/stripe`. */
  readonly plainRoutes: Readonly<Record<string, PlainRoute>>;
  /** Address to bind: a loopback address where callers are not authenticated. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly logger: Logger;
  /** Absent: plaintext. */
  readonly openGate?: OpenGate | undefined;
  /** How long calls in progress may go on once the door closes, in milliseconds. Default 5000. */
  readonly drainMs?: number;
}

/**
 * Opens the door for Connect, gRPC-Web, JSON and plain pages, over HTTP/1.1 and HTTP/2 on one port.
 * Rejects with the system's error (EADDRINUSE, EACCES) where it cannot listen.
 */
export async function openHttpDoor(options: HttpDoorOptions): Promise<OpenDoor> {
  const shutdown = new AbortController();
  const handlers = toHttpHandlers(options.routes, shutdown.signal);
  const listener = await listenHttp(toListener(options, handlers), options);
  const close = async () => {
    const timer = setTimeout(() => shutdown.abort(), options.drainMs ?? 5000);
    await listener.close(options.drainMs ?? 5000);
    clearTimeout(timer);
  };
  return {
    host: options.host,
    port: listener.port,
    [Symbol.asyncDispose]: close,
  };
}

function toListener(options: HttpDoorOptions, handlers: Map<string, UniversalHandler>): RequestListener {
  // A path comes from outside, and must not find what every object inherits.
  const plainRoutes = new Map(Object.entries(options.plainRoutes));
  const pages = new Map(Object.entries(options.pages));
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const handler = handlers.get(path);
    const plain = plainRoutes.get(path);
    const done = handler
      ? serveCall(options.logger, handler, { request, response })
      : plain
        ? servePlain(options.logger, plain, { request, response })
        : servePage(pages.get(path), request, response);
    done.catch((error: unknown) => {
      // The caller went away while the answer was written, or sent what is no request, such as a host that is none.
      options.logger.debug({ path, error }, 'answer not delivered');
      if (response.headersSent) response.destroy();
      else end(response, { status: 400, type: 'text/plain', body: 'The request cannot be read.\n' });
    });
  };
}

async function serveCall(
  logger: Logger,
  handler: UniversalHandler,
  http: { request: IncomingMessage; response: ServerResponse },
) {
  const arrival: HttpArrival = { peer: peerOf(http.request), served: false };
  const values = createContextValues().set(arrivalKey, arrival);
  const answer = await handler(await checked(handler, arrival, toUniversalRequest(http, values)));
  const explain = ({ code, message }: { code: number; message: string }) =>
    explainUnserved(logger, {
      method: handler.requestPath.slice(1),
      door: 'http',
      peer: arrival.peer,
      code,
      message,
    });
  if (!arrival.served && answer.status >= 400) {
    return universalResponseToNodeResponse(await explainResponse(answer, explain), http.response);
  }
  await universalResponseToNodeResponse(answer, http.response);
  // In protocols that tell of an error behind the answer the status is 200; known by nobody having been asked.
  if (!arrival.served) explain({ code: Code.Unknown, message: `ended behind HTTP status ${answer.status}` });
}

function toUniversalRequest(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  values: ContextValues,
): UniversalServerRequest {
  return universalRequestFromNodeRequest(request, response, undefined, values);
}

// The requests of a stream come one by one, and are bounded by Connect.
async function checked(
  { method }: UniversalHandler,
  arrival: HttpArrival,
  request: UniversalServerRequest,
): Promise<UniversalServerRequest> {
  if (method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming') return request;
  const { request: readable, fault } = await checkRequest(request, requestSizes(method));
  if (fault) arrival.fault = fault;
  return readable;
}

async function servePlain(
  logger: Logger,
  route: PlainRoute,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  if (request.method !== 'POST') {
    request.resume();
    return end(response, { status: 405, type: 'text/plain', body: 'This path takes POST.\n' });
  }
  const header = (name: string) => request.headers[name]?.toString();
  try {
    const body = await readBody(request, route);
    end(response, await answerOf(logger, route, { body, peer: peerOf(request), header }));
  } catch (error) {
    if (!(error instanceof BodyRefused)) throw error;
    logger.warn(
      { path: request.url?.split('?', 1)[0], peer: peerOf(request), status: error.status },
      error.message,
    );
    refuseRest(request, response, error);
  }
}

async function answerOf(
  logger: Logger,
  route: PlainRoute,
  post: Parameters<PlainRoute['answer']>[0],
): Promise<PlainAnswer> {
  try {
    return await route.answer(post);
  } catch (error) {
    logger.error({ error, peer: post.peer }, 'a plain route failed');
    return { status: 500, type: 'text/plain', body: 'The service failed.\n' };
  }
}

// How much of a body that is too long is taken and thrown away, so that its sender comes to read the answer, and for how long.
const LINGER_BYTES = 16 * 1024 * 1024;
const LINGER_MS = 2000;

function refuseRest(request: IncomingMessage, response: ServerResponse, refused: BodyRefused): void {
  // Of HTTP/2 the stream ends, and not its connection, which has no such header.
  if (request.httpVersionMajor === 1) response.setHeader('connection', 'close');
  let rest = 0;
  request.on('data', (chunk: Buffer) => {
    rest += chunk.length;
    if (rest > LINGER_BYTES) request.destroy();
  });
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(timer));
  end(response, { status: refused.status, type: 'text/plain', body: `${refused.message}\n` });
}

async function servePage(
  page: Page | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  if (!page)
    return end(response, {
      status: 404,
      type: 'text/plain',
      body: 'There is nothing at this path.\n',
    });
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return end(response, {
      status: 405,
      type: 'text/plain',
      body: 'This page answers GET.\n',
    });
  }
  const header = (name: string) => request.headers[name]?.toString();
  end(response, await page({ peer: peerOf(request), header }));
}

function peerOf({ socket }: IncomingMessage): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

function end(response: ServerResponse, { status, type, body }: Awaited<ReturnType<Page>>): void {
  response
    .writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
    })
    .end(body);
}
