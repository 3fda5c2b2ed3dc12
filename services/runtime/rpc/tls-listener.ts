import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { PeerCertificates } from '../callers/peer-certificates.ts';
import { type TlsMaterial, toContextOptions } from '../callers/tls-material.ts';
import type { Watched } from '../callers/watched-files.ts';
import type { Logger } from '../log/logger.ts';

// A connection that does not get on with its handshake is not kept.
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** TLS in front of a port. */
export interface TlsListener {
  /** Takes a connection whose handshake is still to come. */
  accept(socket: Socket): void;
}

/** Creates the TLS listener of a port. `onSecure` receives each decrypted connection. */
export type TlsListenerFactory = (onSecure: (socket: Socket) => void) => TlsListener;

/** What a gate needs. */
export interface TlsListenerOptions {
  /** Certificate, key and authorities; what changes is in force for the next connection. */
  readonly tls: Watched<TlsMaterial>;
  /** Remembers whose certificate a connection was begun with. */
  readonly certificates: PeerCertificates;
  /** Given each connection, decrypted. */
  readonly onSecure: (socket: TLSSocket) => void;
  readonly logger: Logger;
}

/**
 * Makes the TLS of a port. A caller may come without a certificate, for it may have a token; one that comes with a certificate
 * which no authority vouches for is sent away.
 */
export function createTlsListener({ tls, certificates, onSecure, logger }: TlsListenerOptions): TlsListener {
  const options = {
    ...toContextOptions(tls.current),
    requestCert: tls.current.ca !== undefined,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
  // It never listens: connections are handed to it by whoever does.
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
