import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type CallCredentials, ChannelCredentials, credentials, type experimental } from '@grpc/grpc-js';
import { showKind } from '../show-value.ts';
import {
  type GrpcTransportOptions,
  type TlsOptions,
  TransportOptionError,
  toDurationMs,
} from '../transport-options.ts';
import type { Target } from './target.ts';

/** Default of `connectTimeoutMs`, in milliseconds. grpc-js has no such limit. */
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

/**
 * Credentials for TLS, or for plaintext where that is allowed, with `connectTimeoutMs`.
 * @throws TransportOptionError when plaintext is not allowed, or an option has no usable value
 */
export function toCredentials(target: Target, options: GrpcTransportOptions): ChannelCredentials {
  const timeoutMs = toDurationMs(1, options, 'connectTimeoutMs', DEFAULT_CONNECT_TIMEOUT_MS);
  return withConnectTimeout(toBaseCredentials(target, options), timeoutMs);
}

function toBaseCredentials(target: Target, options: GrpcTransportOptions): ChannelCredentials {
  const { tls } = options;
  if (tls !== undefined) return toTlsCredentials(tls);
  if (target.isLoopback || options.allowInsecure === true) return credentials.createInsecure();
  throw new TransportOptionError(
    'tls',
    `${options.address} is not a loopback address, and without tls every call could be read on the way. ` +
      'Set tls, or allowInsecure: true where the network encrypts below',
  );
}

type PemOption = 'rootCertificates' | 'privateKey' | 'certificateChain';

/**
 * TLS credentials from options.
 * @throws TransportOptionError when an option cannot be used; the message shows no PEM, which may be a key
 */
function toTlsCredentials(tls: TlsOptions): ChannelCredentials {
  // A caller may pass a PEM text in place of the object.
  if (typeof tls !== 'object' || tls === null)
    throw new TransportOptionError(
      'tls',
      `${showKind(tls)} is not an object of TlsOptions; {} trusts the authorities that Node brings`,
    );
  const [roots, key, chain] = [
    toPem(tls, 'rootCertificates'),
    toPem(tls, 'privateKey'),
    toPem(tls, 'certificateChain'),
  ];
  if ((key === null) !== (chain === null))
    throw new TransportOptionError(
      'tls',
      'privateKey and certificateChain go together; give both or neither',
    );
  if (tls.serverName !== undefined && (typeof tls.serverName !== 'string' || tls.serverName === ''))
    throw new TransportOptionError('tls', 'serverName is not a name; leave it out for the host of address');
  if (roots !== null) checkRoots(roots);
  try {
    return credentials.createSsl(roots, key, chain);
  } catch (cause) {
    throw new TransportOptionError('tls', `${faultOf({ key, chain })}: ${(cause as Error).message}`, cause);
  }
}

function toPem(tls: TlsOptions, option: PemOption): Buffer | null {
  const pem: unknown = tls[option];
  if (pem === undefined) return null;
  if (typeof pem === 'string' || pem instanceof Uint8Array) return Buffer.from(pem);
  throw new TransportOptionError('tls', `${option} is ${showKind(pem)}; it must be PEM, as text or bytes`);
}

/** OpenSSL accepts any text as authorities. Without a certificate in it every handshake fails. */
function checkRoots(roots: Buffer): void {
  try {
    if (!roots.includes('-----BEGIN ')) throw new Error('it has no line that begins one');
    new X509Certificate(roots);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new TransportOptionError('tls', `rootCertificates has no certificate in PEM: ${why}`, cause);
  }
}

/** Names the part that OpenSSL refuses, which its own message does not. */
function faultOf({ key, chain }: Record<'key' | 'chain', Buffer | null>): string {
  if (!isReadable({ cert: chain })) return 'certificateChain is not readable as PEM';
  if (!isReadable({ key })) return 'privateKey is not readable as PEM';
  return 'these PEM texts cannot be used together';
}

function isReadable(part: { cert: Buffer | null } | { key: Buffer | null }): boolean {
  try {
    createSecureContext(part as Record<string, Buffer>);
    return true;
  } catch {
    return false;
  }
}

type CreateSecureConnector = ChannelCredentials['_createSecureConnector'];

/**
 * Adds a connect timeout to credentials: a limit for the TLS handshake and the first bytes of the server.
 * Milliseconds. A connection that exceeds it is destroyed, and the channel retries after its back-off.
 * grpc-js itself waits without end for the first frame (grpc/grpc-node#2785), and its keep-alive begins after
 * that frame.
 */
function withConnectTimeout(credentials: ChannelCredentials, timeoutMs: number): ChannelCredentials {
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
