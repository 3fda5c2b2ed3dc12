import type { TLSSocket } from 'node:tls';
import { spiffeIdOf } from './caller-id.ts';

/** The SPIFFE ids of open connections, by their certificates. */
export interface PeerCertificates {
  /** The SPIFFE id of the peer `host:port`. Undefined when it has no certificate that is valid now. */
  idOf(peer: string): string | undefined;
  /**
   * Registers a connection after its handshake. Returns false, and the connection must be closed, when its
   * certificate is not trusted.
   */
  accept(socket: TLSSocket): boolean;
}

interface Known {
  readonly id: string;
  readonly expiresAtMs: number;
}

/** Creates an empty registry. A connection stays in it, by address and port, while it is open. */
export function createPeerCertificates(now: () => number = Date.now): PeerCertificates {
  const known = new Map<string, Known>();
  return {
    idOf(peer) {
      const found = known.get(peer);
      // A connection may outlive its certificate.
      return found && now() < found.expiresAtMs ? found.id : undefined;
    },
    accept(socket) {
      const peer = `${socket.remoteAddress}:${socket.remotePort}`;
      // An earlier connection may have had this port.
      known.delete(peer);
      const certificate = socket.getPeerX509Certificate();
      if (!certificate) return true;
      if (!socket.authorized) return false;
      const id = spiffeIdOf(certificate);
      if (id === undefined) return true;
      const mine = { id, expiresAtMs: Date.parse(certificate.validTo) };
      known.set(peer, mine);
      socket.once('close', () => known.get(peer) === mine && known.delete(peer));
      return true;
    },
  };
}
