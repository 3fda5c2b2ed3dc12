import type { TLSSocket } from 'node:tls';
import { spiffeIdOf } from './caller-id.ts';

/** Who stands behind each open connection, as their certificates say. */
export interface PeerCertificates {
  /** The SPIFFE id of the peer, `host:port`; undefined: it has shown no certificate that is valid now. */
  idOf(peer: string): string | undefined;
  /** Takes a connection whose handshake is done; whether it may go on. A certificate that nobody trusts ends it. */
  accept(socket: TLSSocket): boolean;
}

interface Known {
  readonly id: string;
  readonly expiresAtMs: number;
}

/** Empty at first. A connection is known by its address and port while it is open. */
export function createPeerCertificates(now: () => number = Date.now): PeerCertificates {
  const known = new Map<string, Known>();
  return {
    idOf(peer) {
      const found = known.get(peer);
      // A connection may outlive the certificate that it began with.
      return found && now() < found.expiresAtMs ? found.id : undefined;
    },
    accept(socket) {
      const peer = `${socket.remoteAddress}:${socket.remotePort}`;
      // The port may have been another's a moment ago.
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
