import { createServer as createHttp1, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2, type Http2Server, type Http2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TlsGate } from './tls-gate.ts';

/** A port on which HTTP/1.1 and HTTP/2 are both understood. */
export interface HttpListener {
  readonly port: number;
  /** Takes no new connections, ends idle ones, gives the others `drainMs`. */
  close(drainMs: number): Promise<void>;
}

// What every HTTP/2 connection begins with, up to where HTTP/1.1 differs: https://www.rfc-editor.org/rfc/rfc9113#section-3.4
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2');

// An HTTP/2 connection on which nothing moves is ended, as an idle HTTP/1.1 one is.
const IDLE_SESSION_MS = 120_000;

// A connection that says nothing is not kept.
const FIRST_BYTES_TIMEOUT_MS = 10_000;

/** Makes the TLS in front of a port: `onSecure` is given what is decrypted. */
export type OpenGate = (onSecure: (socket: Socket) => void) => TlsGate;

/** Listens, and hands each connection to the server for the protocol that its first bytes speak. */
export async function listenHttp(
  handle: RequestListener,
  where: { host: string; port: number; openGate?: OpenGate | undefined },
): Promise<HttpListener> {
  const http2 = createHttp2({ settings: { maxConcurrentStreams: 100 } }, handle as never);
  const http1 = createHttp1({ keepAliveTimeout: 65_000 }, handle);
  const sessions = trackSessions(http2);
  const sockets = new Set<Socket>();
  // The HTTP/1.1 server listens, so that its own time limits and idle tracking hold; what is not for it is led away first.
  const [serveHttp1] = http1.listeners('connection') as ((socket: Socket) => void)[];
  const serve = (socket: Socket) =>
    sniff(socket, (isHttp2) =>
      isHttp2 ? http2.emit('connection', socket) : serveHttp1?.call(http1, socket),
    );
  const gate = where.openGate?.(serve);
  http1.removeAllListeners('connection').on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (gate) gate.accept(socket);
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
    session.setTimeout(IDLE_SESSION_MS, () => session.close());
  });
  return sessions;
}

function sniff(socket: Socket, hand: (isHttp2: boolean) => void): void {
  socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, () => socket.destroy());
  let first = Buffer.alloc(0);
  const look = () => {
    for (let chunk = socket.read(); chunk; chunk = socket.read()) first = Buffer.concat([first, chunk]);
    const length = Math.min(first.length, HTTP2_PREFACE.length);
    const isLikeHttp2 = first.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
    // Not enough yet to tell the one from the other: both may begin with a P.
    if (isLikeHttp2 && length < HTTP2_PREFACE.length) return void socket.once('readable', look);
    socket.unshift(first);
    socket.setTimeout(0).removeAllListeners('timeout');
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
