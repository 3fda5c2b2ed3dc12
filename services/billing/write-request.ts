import { Buffer } from 'node:buffer';
import { requestIdReused } from './errors.ts';

/** Names a write, so that a repeat of it is known. */
export interface WriteRequest {
  /** UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** Digest of everything that was asked. */
  readonly fingerprint: Uint8Array;
}

/** Throws BillingError REQUEST_ID_REUSED where the first call with this id asked for something else. */
export function requireSameRequest(request: WriteRequest, earlierFingerprint: Uint8Array): void {
  if (!Buffer.from(request.fingerprint).equals(earlierFingerprint)) throw requestIdReused(request.id);
}
