import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { showKind } from '../show-value.ts';
import { type TlsOptions, TransportOptionError } from '../transport-options.ts';

type PemOption = 'rootCertificates' | 'privateKey' | 'certificateChain';

/**
 * TLS credentials from options.
 * @throws TransportOptionError when an option cannot be used; the message shows no PEM, which may be a key
 */
export function toTlsCredentials(tls: TlsOptions): ChannelCredentials {
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
