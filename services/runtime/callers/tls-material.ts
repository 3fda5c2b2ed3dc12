import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { type NamedFile, type Watched, watchFiles } from './watched-files.ts';

/** Certificate, key and authorities of a TLS server, as PEM. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Authorities of client certificates. Undefined: clients are not asked for a certificate. */
  readonly ca: Buffer | undefined;
}

/** Files of the certificate, the key and the authorities of a TLS server. */
interface TlsFiles {
  readonly certificate: NamedFile;
  readonly key: NamedFile;
  readonly clientCa?: NamedFile;
}

/**
 * Converts to the form that Node takes. TLS 1.3 at least: older versions send client certificates in the
 * clear.
 */
export function toContextOptions({ cert, key, ca }: TlsMaterial): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.3', ...(ca && { ca }) };
}

/**
 * Reads the files, and again when they are replaced.
 * @throws StartupError naming the variables
 */
export function watchTls(
  { certificate, key, clientCa }: TlsFiles,
  options: { onError: (error: unknown) => void; pollMs?: number },
): Promise<Watched<TlsMaterial>> {
  const files = clientCa ? [certificate, key, clientCa] : [certificate, key];
  return watchFiles({
    ...options,
    files,
    load: ([cert, privateKey, ca]) => toMaterial(cert, privateKey, ca),
  });
}

function toMaterial(cert?: Buffer, key?: Buffer, ca?: Buffer): TlsMaterial {
  if (!cert || !key) throw new Error('certificate or key is missing');
  if (ca && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error('the authorities are no certificates in PEM form');
  const material = { cert, key, ca };
  // Throws when key and certificate do not match: one file was replaced and the other not yet.
  createSecureContext(toContextOptions(material));
  return material;
}
