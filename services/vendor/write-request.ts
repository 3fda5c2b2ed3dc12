import { Buffer } from 'node:buffer';
import { VendorError } from './errors.ts';

/** Names a write, so that a repeat of it is known. */
export interface WriteRequest {
  /** UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** Digest of everything that was asked. */
  readonly fingerprint: Uint8Array;
}

/** What a request made when it came first. */
export interface EarlierWrite<Made> {
  /** As it is now. */
  readonly made: Made;
  readonly fingerprint: Uint8Array;
}

/** What an earlier call of the same request made; undefined: there was none. Throws VendorError REQUEST_ID_REUSED. */
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
