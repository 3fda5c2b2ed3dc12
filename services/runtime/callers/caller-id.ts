import type { X509Certificate } from 'node:crypto';

/** Id of every caller where callers are not authenticated. No certificate and no token can name it. */
export const LOCAL_CALLER = 'local';

// Trust domain, then a path:
// https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#2-spiffe-identity
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(\/[A-Za-z0-9._-]+)+$/;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const MAX_SPIFFE_ID_CHARS = 2048;

/** Whether a text is a SPIFFE id of a workload: `spiffe://example.org/booking`. */
function isSpiffeId(text: string): boolean {
  return text.length <= MAX_SPIFFE_ID_CHARS && SPIFFE_ID.test(text) && !/\/\.{1,2}(\/|$)/.test(text);
}

/** Whether a value can name a caller: a SPIFFE id, or a name of lower-case letters, digits, `.`, `_`, `-`. */
export function isCallerId(text: unknown): text is string {
  return typeof text === 'string' && text !== LOCAL_CALLER && (NAME.test(text) || isSpiffeId(text));
}

// Node quotes names that contain separators, as JSON.
const NAMES = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

/**
 * The SPIFFE id of a verified certificate. Undefined unless it has exactly one URI:
 * https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#2-spiffe-id
 */
export function spiffeIdOf(certificate: X509Certificate): string | undefined {
  const names = [...(certificate.subjectAltName ?? '').matchAll(NAMES)];
  const uris = names.filter(([, kind]) => kind === 'URI').map(([, , value]) => value ?? '');
  const [uri = ''] = uris;
  return uris.length === 1 && !certificate.ca && isSpiffeId(uri) ? uri : undefined;
}
