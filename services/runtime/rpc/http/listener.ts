import { createServer as createHttp1, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2, type Http2Server, type Http2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { answerUnlisted, answerUnreadable } from '../ingress/http-answers.ts';
import type { Ingress } from '../ingress/ingress.ts';
import { MAX_CONNECTIONS, MAX_HEADER_BYTES } from '../listening-server.ts';
import type { TlsListenerFactory } from '../tls-listener.ts';

/** A port on which HTTP/1.1 and HTTP/2 are both understood. */
export interface HttpListener {
  readonly port: number;
  /** Takes no new connections, ends idle ones, gives the others `drainMs`. */
  close(drainMs: number): Promise<void>;
}

// What every HTTP/2 connection begins with, up to where HTTP/1.1 differs: https://www.rfc-editor.org/rfc/rfc9113#section-3.4
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2');

// An HTTP/2 connection without a stream is ended, as an idle HTTP/1.1 one is.
const IDLE_SESSION_MS = 120_000;

const HTTP1_OPTIONS = {
  keepAliveTimeout: 65_000,
  // Bodies have bounds of their own; this one is for those that nobody reads.
  requestTimeout: 30_000,
  maxHeaderSize: MAX_HEADER_BYTES,
  // What is missing is told by us, in a form with our headers.
  requireHostHeader: false,
};

// What Node bounds besides, by default: pings and settings that wait for an answer, resets, empty and invalid frames, memory.
const HTTP2_OPTIONS = { settings: { maxConcurrentStreams: 100, maxHeaderListSize: MAX_HEADER_BYTES } };

// A connection that stays in the middle of a frame cannot answer a ping.
const PING_MS = 20_000;
const PING_TIMEOUT_MS = 10_000;

/** Listens, and hands each connection to the server for the protocol that its first bytes speak. */
export async function listenHttp(
  handle: RequestListener,
  where: { host: string; port: number; listenTls?: TlsListenerFactory | undefined; ingress: Ingress },
): Promise<HttpListener> {
  const { headersTimeoutMs } = where.ingress;
  const http2 = createHttp2(HTTP2_OPTIONS, handle as never);
  answerUnlisted(http2, handle);
  const http1 = createHttp1(
    {
      ...HTTP1_OPTIONS,
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: headersTimeoutMs / 10,
    },
    handle,
  );
  http1.maxConnections = MAX_CONNECTIONS;
  answerUnreadable(http1);
  const sessions = trackSessions(http2);
  const sockets = new Set<Socket>();
  // The HTTP/1.1 server listens, so that its own time limits and idle tracking hold; what is not for it is led away first.
  const [serveHttp1] = http1.listeners('connection') as ((socket: Socket) => void)[];
  const serve = (socket: Socket) =>
    sniff(socket, headersTimeoutMs, (isHttp2) => {
      if (!isHttp2) return serveHttp1?.call(http1, socket);
      // HTTP/1.1 sees to half-closed connections by itself; an HTTP/2 session would not notice that its peer is gone.
      socket.allowHalfOpen = false;
      http2.emit('connection', socket);
    });
  const tls = where.listenTls?.(serve);
  http1.removeAllListeners('connection').on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (tls) tls.accept(socket);
    else serve(socket);
  });
  await listen(http1, where);
  return {
    port: (http1.address() as AddressInfo).port,
    close: (drainMs) => close(http1, { sessions, sockets, drainMs }),
  };
}

function trackSessions(http2: Http2Server): Set<Http2Session> {
  const sessions = new Set<Http2Session>();
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // The session ends by itself; unheard, the event would end the process.
    session.on('error', () => session.destroy());
    keepAlive(session);
  });
  return sessions;
}

function keepAlive(session: Http2Session): void {
  let streams = 0;
  let idleSinceMs = performance.now();
  let late: NodeJS.Timeout | undefined;
  session.on('stream', (stream) => {
    streams++;
    stream.once('close', () => {
      streams--;
      idleSinceMs = performance.now();
    });
  });
  const timer = setInterval(() => {
    if (streams === 0 && performance.now() - idleSinceMs > IDLE_SESSION_MS) return void session.close();
    if (session.destroyed || late) return;
    late = setTimeout(() => session.destroy(), PING_TIMEOUT_MS).unref();
    session.ping(() => {
      clearTimeout(late);
      late = undefined;
    });
  }, PING_MS).unref();
  session.once('close', () => {
    clearInterval(timer);
    clearTimeout(late);
  });
}

function sniff(socket: Socket, timeoutMs: number, hand: (isHttp2: boolean) => void): void {
  // From the first byte on too: one that comes now and then must not keep it open.
  const late = setTimeout(() => socket.destroy(), timeoutMs).unref();
  socket.once('close', () => clearTimeout(late));
  let first = Buffer.alloc(0);
  const look = () => {
    for (let chunk = socket.read(); chunk; chunk = socket.read()) first = Buffer.concat([first, chunk]);
    const length = Math.min(first.length, HTTP2_PREFACE.length);
    const isLikeHttp2 = first.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
    // Not enough yet to tell the one from the other: both may begin with a P.
    if (isLikeHttp2 && length < HTTP2_PREFACE.length) return void socket.once('readable', look);
    socket.unshift(first);
    clearTimeout(late);
    hand(isLikeHttp2);
  };
  look();
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface Closing {
  readonly sessions: Set<Http2Session>;
  readonly sockets: Set<Socket>;
  readonly drainMs: number;
}

async function close(http1: Server, { sessions, sockets, drainMs }: Closing): Promise<void> {
  const closed = new Promise<void>((resolve) => http1.close(() => resolve()));
  for (const session of sessions) session.close();
  // A connection that becomes idle later is ended then.
  const idle = setInterval(() => http1.closeIdleConnections(), 20);
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, drainMs);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
