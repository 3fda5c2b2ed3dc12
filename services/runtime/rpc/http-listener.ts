import { createServer as createHttp1, type RequestListener } from 'node:http';
import { createServer as createHttp2, type Http2Session } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A port on which HTTP/1.1 and HTTP/2 without TLS are both understood. */
export interface HttpListener {
  readonly port: number;
  /** Takes no new connections, ends idle ones, gives the others `drainMs`. */
  close(drainMs: number): Promise<void>;
}

// What every HTTP/2 connection begins with, up to where HTTP/1.1 differs: https://www.rfc-editor.org/rfc/rfc9113#section-3.4
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2');

// A connection that says nothing is not kept.
const FIRST_BYTES_TIMEOUT_MS = 10_000;

/** Listens, and hands each connection to the server for the protocol that its first bytes speak. */
export async function listenHttp(
  handle: RequestListener,
  where: { host: string; port: number },
): Promise<HttpListener> {
  const http1 = createHttp1({ keepAliveTimeout: 65_000 }, handle);
  const http2 = createHttp2({ settings: { maxConcurrentStreams: 100 } }, handle as never);
  const sessions = new Set<Http2Session>();
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // The session ends by itself; unheard, the event would end the process.
    session.on('error', () => session.destroy());
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    sniff(socket, (isHttp2) => (isHttp2 ? http2 : http1).emit('connection', socket));
  });
  await listen(server, where);
  const close = async (drainMs: number) => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of sessions) session.close();
    http1.closeIdleConnections();
    const idle = setInterval(() => http1.closeIdleConnections(), 50);
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, drainMs);
    await closed;
    clearInterval(idle);
    clearTimeout(timer);
    http1.close();
    http2.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function sniff(socket: Socket, hand: (isHttp2: boolean) => void): void {
  socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, () => socket.destroy());
  const look = () => {
    const first: Buffer | null = socket.read();
    if (!first) return void socket.once('readable', look);
    socket.unshift(first);
    const length = Math.min(first.length, HTTP2_PREFACE.length);
    socket.setTimeout(0).removeAllListeners('timeout');
    hand(first.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length)));
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
