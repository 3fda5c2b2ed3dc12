import { digestOf } from '@rollcall/runtime';
import type { WriteRequest } from '../write-request.ts';

/**
 * The request of a write, to spread into its command; nothing where the caller gave no id.
 * @param asked the call and everything that its caller chose; what is empty is left out, so that a field that the contract
 * gains does not change the digests that are kept.
 */
export function writeRequest(
  requestId: string,
  asked: Readonly<Record<string, unknown>>,
): { request?: WriteRequest } {
  if (!requestId) return {};
  const given = Object.entries(asked).filter(
    ([, value]) =>
      value !== '' && value !== null && value !== 0 && !(Array.isArray(value) && value.length === 0),
  );
  return { request: { id: requestId.toLowerCase(), fingerprint: digestOf(Object.fromEntries(given)) } };
}
