import { Buffer } from 'node:buffer';
import { requestIdReused } from './errors.ts';

/** Names a write, so that a repeat of it is known. */
export interface WriteRequest {
  /** UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** Digest of everything that was asked. */
  readonly fingerprint: Uint8Array;
}

/**
 * Checks that a repeat asks for what its id asked for first. An empty digest is that of an erased user, and can be compared with
 * nothing. Throws BookingError REQUEST_ID_REUSED.
 */
export function requireSameRequest(request: WriteRequest, earlierFingerprint: Uint8Array): void {
  const isErased = earlierFingerprint.byteLength === 0;
  if (!isErased && !Buffer.from(request.fingerprint).equals(earlierFingerprint))
    throw requestIdReused(request.id);
}
