import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { PeerCertificates } from '../callers/peer-certificates.ts';
import { type TlsMaterial, toContextOptions } from '../callers/tls-material.ts';
import type { Watched } from '../callers/watched-files.ts';
import type { Logger } from '../log/logger.ts';

// A connection that does not complete its handshake is closed.
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The TLS layer of a port. */
interface TlsListener {
  /** Takes a connection before its handshake. */
  accept(socket: Socket): void;
}

/** Creates the TLS listener of a port. `onSecure` receives each decrypted connection. */
export type TlsListenerFactory = (onSecure: (socket: Socket) => void) => TlsListener;

/** Options of `createTlsListener`. */
interface TlsListenerOptions {
  /** Certificate, key and authorities. A change applies to the next connection. */
  readonly tls: Watched<TlsMaterial>;
  /** Registers the certificate of each connection. */
  readonly certificates: PeerCertificates;
  /** Receives each decrypted connection. */
  readonly onSecure: (socket: TLSSocket) => void;
  readonly logger: Logger;
}

/**
 * Creates the TLS layer of a port. Clients without a certificate are accepted, because they may send a token.
 * Clients with an untrusted certificate are disconnected.
 */
export function createTlsListener({ tls, certificates, onSecure, logger }: TlsListenerOptions): TlsListener {
  const options = {
    ...toContextOptions(tls.current),
    requestCert: tls.current.ca !== undefined,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
  // It never listens: its connections come from `accept`.
  const server = createServer(options, (socket) => {
    socket.on('error', () => socket.destroy());
    if (certificates.accept(socket)) return onSecure(socket);
    const why = String(socket.authorizationError);
    logger.info({ peer: `${socket.remoteAddress}:${socket.remotePort}`, why }, 'certificate refused');
    socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => {
    logger.debug({ why: (error as NodeJS.ErrnoException).code ?? error.message }, 'TLS handshake failed');
    socket.destroy();
  });
  tls.onChange((material) => server.setSecureContext(toContextOptions(material)));
  return { accept: (socket) => void server.emit('connection', socket) };
}
