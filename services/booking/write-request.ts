import { Buffer } from 'node:buffer';
import { requestIdReused } from './errors.ts';

/** The name and the content digest of a write, by which a repeated call is recognised. */
export interface WriteRequest {
  /** UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** Digest of the requested content. */
  readonly fingerprint: Uint8Array;
}

/**
 * Requires that a repeated call has the content of the first. The empty digest of an erased user matches any
 * content.
 * @throws BookingError REQUEST_ID_REUSED
 */
export function requireSameRequest(request: WriteRequest, earlierFingerprint: Uint8Array): void {
  const isErased = earlierFingerprint.byteLength === 0;
  if (!isErased && !Buffer.from(request.fingerprint).equals(earlierFingerprint))
    throw requestIdReused(request.id);
}
