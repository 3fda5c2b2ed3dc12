import { digestOf } from '@rollcall/runtime';
import type { WriteRequest } from '../users/user-writes.ts';

/**
 * How a write is known when it is repeated; nothing where the caller gave no request id. The digest is of what is written, not
 * of the message: neither what is output only nor the case of an id counts.
 */
export function writeRequest(
  method: string,
  { requestId }: { requestId: string },
  written: object,
): { request?: WriteRequest } {
  return requestId
    ? { request: { id: requestId.toLowerCase(), method, fingerprint: digestOf(written) } }
    : {};
}
