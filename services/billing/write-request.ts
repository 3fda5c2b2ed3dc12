import { Buffer } from 'node:buffer';
import { requestIdReused } from './errors.ts';

/** The identity of a write, by which a repeat is recognised. */
export interface WriteRequest {
  /** A UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** A digest of the whole request. */
  readonly fingerprint: Uint8Array;
}

/**
 * Requires that a repeat is equal to the first call.
 * @throws BillingError REQUEST_ID_REUSED when it differs.
 */
export function requireSameRequest(request: WriteRequest, earlierFingerprint: Uint8Array): void {
  if (!Buffer.from(request.fingerprint).equals(earlierFingerprint)) throw requestIdReused(request.id);
}
