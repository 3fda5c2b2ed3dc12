import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { Code, type ConnectError, createContextValues } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerRequest } from '@connectrpc/connect/protocol';
import { errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import type { Logger } from '../../log/logger.ts';
import { runtimeError, toConnectError } from '../errors.ts';
import { readCallBody } from '../ingress/call-body.ts';
import { answerByDefault, closeUnread, peerOf, refuseRest, sendAnswer } from '../ingress/http-answers.ts';
import type { Ingress } from '../ingress/ingress.ts';
import type { OriginFault } from '../ingress/loopback-host.ts';
import type { ListeningServer } from '../listening-server.ts';
import type { Route } from '../route.ts';
import { type CheckedRequest, checkRequest } from '../sizes/http-request.ts';
import { requestSizes } from '../sizes/request-sizes.ts';
import type { TlsListenerFactory } from '../tls-listener.ts';
import { arrivalKey, type HttpArrival } from './call.ts';
import { listenHttp } from './listener.ts';
import { type Exchange, type GetRoute, type PostRoute, serveGet, servePost } from './plain-routes.ts';
import { toHttpHandlers } from './routes.ts';
import { explainResponse } from './unserved.ts';

/** Options of `startHttpServer`. */
interface HttpServerOptions {
  readonly routes: readonly Route[];
  /** Plain paths that answer GET: `/healthz`. */
  readonly getRoutes: Readonly<Record<string, GetRoute>>;
  /** Plain paths that answer POST: `/webhooks/stripe`. */
  readonly postRoutes: Readonly<Record<string, PostRoute>>;
  /** Address to bind: a loopback address where callers are not authenticated. */
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly logger: Logger;
  readonly ingress: Ingress;
  /** Absent: plaintext. */
  readonly listenTls?: TlsListenerFactory | undefined;
  /**
   * How long calls in progress may continue after the server begins to close. Milliseconds.
   * @defaultValue 5000
   */
  readonly drainMs?: number;
}

/**
 * Starts the server of Connect, gRPC-Web, JSON and plain paths, over HTTP/1.1 and HTTP/2 on one port. Rejects
 * with the system's error (EADDRINUSE, EACCES) when it cannot listen.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<ListeningServer> {
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

function toListener(options: HttpServerOptions, handlers: Map<string, UniversalHandler>): RequestListener {
  const { ingress } = options;
  // Maps, because a path from outside must not find inherited properties of an object.
  const postRoutes = new Map(Object.entries(options.postRoutes));
  const getRoutes = new Map(Object.entries(options.getRoutes));
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const handler = handlers.get(path);
    const postRoute = postRoutes.get(path);
    answerByDefault(response);
    closeUnread(request);
    const fault = ingress.checkHttpHeaders(request, postRoute?.hosts);
    const done = fault
      ? refuseOrigin(fault, { request, response, isCall: handler !== undefined })
      : handler
        ? serveCall(handler, { request, response }, ingress)
        : postRoute
          ? servePost(postRoute, { request, response }, options)
          : serveGet(getRoutes.get(path), { path, request, response }, ingress);
    done.catch((error: unknown) => {
      // The caller disconnected before the answer, or sent a malformed request such as an invalid host.
      options.logger.debug({ path, error }, 'answer not delivered');
      if (response.headersSent) response.destroy();
      else sendAnswer(response, { status: 400, type: 'text/plain', body: 'The request cannot be read.\n' });
    });
  };
}

async function serveCall(handler: UniversalHandler, http: Exchange, { partial, unserved }: Ingress) {
  const arrival: HttpArrival = { peer: peerOf(http.request), served: false };
  const values = createContextValues().set(arrivalKey, arrival);
  const where = { method: handler.requestPath.slice(1), protocol: 'http', peer: arrival.peer };
  let fault: ConnectError | undefined;
  const universal = await readCallBody(
    universalRequestFromNodeRequest(http.request, http.response, undefined, values),
    { request: http.request, handler, partial },
    (error) => {
      fault = unserved.record(where, error);
      refuseRest(http.request, http.response);
      return fault;
    },
  );
  const answer = await handler(await checked(handler, arrival, universal));
  const explain = (ended: { code: number; message: string }) =>
    fault ?? unserved.explain({ ...where, ...ended });
  if (!arrival.served && answer.status >= 400) {
    return universalResponseToNodeResponse(await explainResponse(answer, explain), http.response);
  }
  await universalResponseToNodeResponse(answer, http.response);
  // Some protocols send errors after a body with status 200. The chain did not see the call, so it is logged
  // here.
  if (!arrival.served) explain({ code: Code.Unknown, message: `ended behind HTTP status ${answer.status}` });
}

// Requests of a stream come one by one, and Connect limits them.
async function checked(
  { method }: UniversalHandler,
  arrival: HttpArrival,
  request: UniversalServerRequest,
): Promise<UniversalServerRequest> {
  if (method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming') return request;
  const { request: readable, fault } = await checkRequest(request, requestSizes(method)).catch(
    // The body cannot be read to its end. Connect answers that in the form of its protocol.
    (error: unknown): CheckedRequest => ({ request: { ...request, body: failing(error) } }),
  );
  if (fault) arrival.fault = fault;
  return readable;
}

// biome-ignore lint/correctness/useYield: a body of which nothing can be read.
async function* failing(error: unknown): AsyncGenerator<Uint8Array> {
  throw error;
}

async function refuseOrigin(
  { status, message }: OriginFault,
  { request, response, isCall }: Exchange & { readonly isCall: boolean },
): Promise<void> {
  request.resume();
  if (!isCall) return sendAnswer(response, { status, type: 'text/plain', body: `${message}\n` });
  const reason = status === 403 ? 'NOT_GRANTED' : 'MESSAGE_MALFORMED';
  const error = toConnectError(runtimeError(reason, message), randomUUID());
  const body = Buffer.from(errorToJsonBytes(error, undefined)).toString();
  sendAnswer(response, { status, type: 'application/json', body });
}
