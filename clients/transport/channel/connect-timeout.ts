import { type CallCredentials, ChannelCredentials, type experimental } from '@grpc/grpc-js';

type CreateSecureConnector = ChannelCredentials['_createSecureConnector'];

/**
 * Adds a connect timeout to credentials: a limit for the TLS handshake and the first bytes of the server.
 * Milliseconds. A connection that exceeds it is destroyed, and the channel retries after its back-off.
 * grpc-js itself waits without end for the first frame (grpc/grpc-node#2785), and its keep-alive begins after
 * that frame.
 */
export function withConnectTimeout(credentials: ChannelCredentials, timeoutMs: number): ChannelCredentials {
  return new CredentialsWithTimeout(credentials, timeoutMs);
}

class CredentialsWithTimeout extends ChannelCredentials {
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
      other instanceof CredentialsWithTimeout &&
      other.#timeoutMs === this.#timeoutMs &&
      this.#inner._equals(other.#inner)
    );
  }

  _createSecureConnector(...args: Parameters<CreateSecureConnector>): experimental.SecureConnector {
    return destroyWhenSilent(this.#inner._createSecureConnector(...args), this.#timeoutMs);
  }
}

function destroyWhenSilent(
  connector: experimental.SecureConnector,
  timeoutMs: number,
): experimental.SecureConnector {
  return {
    async connect(raw) {
      let receivedBytes = () => 0;
      const timer = setTimeout(() => {
        // On a TLS connection only bytes after the handshake count, without session tickets.
        if (receivedBytes() === 0) raw.destroy(new Error(`the server did not answer within ${timeoutMs} ms`));
      }, timeoutMs).unref();
      raw.once('close', () => clearTimeout(timer));
      const connected = await connector.connect(raw);
      receivedBytes = () => connected.socket.bytesRead;
      return connected;
    },
    waitForReady: () => connector.waitForReady(),
    getCallCredentials: (): CallCredentials => connector.getCallCredentials(),
    destroy: () => connector.destroy(),
  };
}
