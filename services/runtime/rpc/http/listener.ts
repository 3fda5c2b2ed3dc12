import { createServer as createHttp1, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2, type Http2Server, type Http2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { answerUnlisted, answerUnreadable } from '../ingress/http-answers.ts';
import type { Ingress } from '../ingress/ingress.ts';
import { MAX_CONNECTIONS, MAX_HEADER_BYTES } from '../listening-server.ts';
import type { TlsListenerFactory } from '../tls-listener.ts';

/** A port for both HTTP/1.1 and HTTP/2. */
interface HttpListener {
  readonly port: number;
  /** Accepts no new connections, closes idle ones, and gives the others `drainMs`. */
  close(drainMs: number): Promise<void>;
}

// Beginning of every HTTP/2 connection, up to where HTTP/1.1 may differ:
// https://www.rfc-editor.org/rfc/rfc9113#section-3.4
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2');

// An HTTP/2 connection without streams is closed after this time, like an idle HTTP/1.1 connection.
const IDLE_SESSION_MS = 120_000;

const HTTP1_OPTIONS = {
  keepAliveTimeout: 65_000,
  // Bodies have their own limits; this one is for bodies that no code reads.
  requestTimeout: 30_000,
  maxHeaderSize: MAX_HEADER_BYTES,
  // We answer a missing host ourselves, with our headers.
  requireHostHeader: false,
};

// Node limits more by default: unanswered pings and settings, resets, empty and invalid frames, memory.
const HTTP2_OPTIONS = { settings: { maxConcurrentStreams: 100, maxHeaderListSize: MAX_HEADER_BYTES } };

// A connection that stops inside a frame cannot answer a ping.
const PING_MS = 20_000;
const PING_TIMEOUT_MS = 10_000;

/**
 * Listens on a port and passes each connection to the server of the protocol that its first bytes belong to.
 */
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
  // The HTTP/1.1 server listens, so that its time limits apply; HTTP/2 connections are removed from it first.
  const [serveHttp1] = http1.listeners('connection') as ((socket: Socket) => void)[];
  const serve = (socket: Socket) =>
    sniff(socket, headersTimeoutMs, (isHttp2) => {
      if (!isHttp2) return serveHttp1?.call(http1, socket);
      // HTTP/1.1 handles half-closed connections itself; an HTTP/2 session would not notice that its peer has
      // left.
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
    // The session ends by itself. Without a listener the event would end the process.
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
  // Also after the first byte: one byte now and then must not keep a connection open.
  const late = setTimeout(() => socket.destroy(), timeoutMs).unref();
  socket.once('close', () => clearTimeout(late));
  let first = Buffer.alloc(0);
  const readFirst = () => {
    for (let chunk = socket.read(); chunk; chunk = socket.read()) first = Buffer.concat([first, chunk]);
    const length = Math.min(first.length, HTTP2_PREFACE.length);
    const isLikeHttp2 = first.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
    // Not enough bytes to decide: both may begin with a P.
    if (isLikeHttp2 && length < HTTP2_PREFACE.length) return void socket.once('readable', readFirst);
    socket.unshift(first);
    clearTimeout(late);
    hand(isLikeHttp2);
  };
  readFirst();
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
  // Connections that become idle later are closed as well.
  const idle = setInterval(() => http1.closeIdleConnections(), 20);
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, drainMs);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
