import type { WriteRequest } from '../requests/write-request.ts';
import { fingerprintOf } from './fingerprint.ts';

/** A request that may be a repeat; without an id none can be. */
export function writeRequest(requestId: string, asked: object): { request?: WriteRequest } {
  if (!requestId) return {};
  return { request: { id: requestId.toLowerCase(), fingerprint: fingerprintOf(asked) } };
}
