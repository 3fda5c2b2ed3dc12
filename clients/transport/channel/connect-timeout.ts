import { type CallCredentials, ChannelCredentials, type experimental } from '@grpc/grpc-js';

type CreateSecureConnector = ChannelCredentials['_createSecureConnector'];

/**
 * Adds to credentials a limit for setting a connection up, in ms: for the TLS handshake and the server's first bytes. A connection
 * that exceeds it is destroyed, and the channel tries again after its back-off. grpc-js itself waits without end for the first frame
 * of a server that accepted the connection (grpc/grpc-node#2785), and its keep-alive begins only after that frame.
 */
export function withConnectTimeout(credentials: ChannelCredentials, timeoutMs: number): ChannelCredentials {
  return new LimitedCredentials(credentials, timeoutMs);
}

class LimitedCredentials extends ChannelCredentials {
  readonly #inner: ChannelCredentials;
  readonly #timeoutMs: number;

  constructor(inner: ChannelCredentials, timeoutMs: number) {
    super();
    this.#inner = inner;
    this.#timeoutMs = timeoutMs;
  }

  _isSecure(): boolean {
    return this.#inner._isSecure();
  }

  _equals(other: ChannelCredentials): boolean {
    return (
      other instanceof LimitedCredentials &&
      other.#timeoutMs === this.#timeoutMs &&
      this.#inner._equals(other.#inner)
    );
  }

  _createSecureConnector(...args: Parameters<CreateSecureConnector>): experimental.SecureConnector {
    return limit(this.#inner._createSecureConnector(...args), this.#timeoutMs);
  }
}

function limit(connector: experimental.SecureConnector, timeoutMs: number): experimental.SecureConnector {
  return {
    async connect(raw) {
      let heard = () => 0;
      const timer = setTimeout(() => {
        // Of a TLS connection only what was sent after the handshake counts: session tickets do not.
        if (heard() === 0) raw.destroy(new Error(`the server did not answer within ${timeoutMs} ms`));
      }, timeoutMs).unref();
      raw.once('close', () => clearTimeout(timer));
      const connected = await connector.connect(raw);
      heard = () => connected.socket.bytesRead;
      return connected;
    },
    waitForReady: () => connector.waitForReady(),
    getCallCredentials: (): CallCredentials => connector.getCallCredentials(),
    destroy: () => connector.destroy(),
  };
}
