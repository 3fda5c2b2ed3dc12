import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { type NamedFile, type Watched, watchFiles } from './watched-files.ts';

/** What a door needs to speak TLS, as PEM. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Authorities whose certificates make a caller known; undefined: callers are not asked for one. */
  readonly ca: Buffer | undefined;
}

/** The files of a door's TLS. */
export interface TlsFiles {
  readonly certificate: NamedFile;
  readonly key: NamedFile;
  readonly clientCa?: NamedFile;
}

/** The form in which Node takes it. Nothing older than TLS 1.3, which shows a caller's certificate to nobody on the way. */
export function toContextOptions({ cert, key, ca }: TlsMaterial): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.3', ...(ca && { ca }) };
}

/** Reads certificate, key and authorities, and again when they are replaced. Throws StartupError naming the variables. */
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
  // Refuses a key that is not the certificate's, which happens while the one is replaced and the other not yet.
  createSecureContext(toContextOptions(material));
  return material;
}
