import type { X509Certificate } from 'node:crypto';
import { isSpiffeId } from './caller-id.ts';

// Node writes names that could be mistaken for several in quotes, as JSON.
const NAMES = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

/**
 * The SPIFFE id of a certificate that was verified; undefined where it has none. It has exactly one URI, or it is no identity:
 * https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#2-spiffe-id
 */
export function spiffeIdOf(certificate: X509Certificate): string | undefined {
  const names = [...(certificate.subjectAltName ?? '').matchAll(NAMES)];
  const uris = names.filter(([, kind]) => kind === 'URI').map(([, , value]) => value ?? '');
  const [uri = ''] = uris;
  return uris.length === 1 && !certificate.ca && isSpiffeId(uri) ? uri : undefined;
}
