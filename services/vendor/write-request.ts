import { Buffer } from 'node:buffer';
import { VendorError } from './errors.ts';

/** The name and the content digest of a write, by which a repeated call is recognised. */
export interface WriteRequest {
  /** UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** Digest of the requested content. */
  readonly fingerprint: Uint8Array;
}

/** The result of an earlier call with the same request id. */
export interface EarlierWrite<Made> {
  /** In its current state. */
  readonly made: Made;
  readonly fingerprint: Uint8Array;
}

/**
 * Returns what an earlier call with this request id made, or undefined.
 * @throws VendorError REQUEST_ID_REUSED
 */
export async function findRepeated<Made>(
  request: WriteRequest | undefined,
  find: (requestId: string) => Promise<EarlierWrite<Made> | undefined>,
): Promise<Made | undefined> {
  const before = request && (await find(request.id));
  if (!before) return undefined;
  if (Buffer.from(request.fingerprint).equals(before.fingerprint)) return before.made;
  const message = `Request id ${request.id} was used before, for another request; choose a new one.`;
  throw new VendorError('REQUEST_ID_REUSED', message, { reused_request_id: request.id });
}
