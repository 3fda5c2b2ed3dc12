import { Buffer } from 'node:buffer';
import { requestIdReused } from '../errors.ts';
import type { WriteRequest } from '../write-request.ts';

/**
 * Checks that a repeat asks for what its id asked for first. An empty digest is that of an erased user, and can be compared with
 * nothing. Throws BookingError REQUEST_ID_REUSED.
 */
export function requireSameRequest(request: WriteRequest, earlierFingerprint: Uint8Array): void {
  const isErased = earlierFingerprint.byteLength === 0;
  if (!isErased && !Buffer.from(request.fingerprint).equals(earlierFingerprint))
    throw requestIdReused(request.id);
}
