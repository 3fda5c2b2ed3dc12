import { createHash } from 'node:crypto';

/** Names a write, so that a repeat of it is known. */
export interface NamedWrite {
  /** UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** Digest of everything that was asked. */
  readonly fingerprint: Uint8Array;
}

/**
 * The request of a write, to spread into its command; nothing where the caller gave no id, because no repeat of it can be
 * known.
 * @param asked everything that the caller chose
 */
export function writeRequest(requestId: string, asked: object): { request?: NamedWrite } {
  if (!requestId) return {};
  return { request: { id: requestId.toLowerCase(), fingerprint: fingerprintOf(asked) } };
}

/** A digest of what a caller asks for: nothing that the caller does not choose counts, nor the order of keys. */
export function fingerprintOf(asked: object): Uint8Array {
  // What is not given is left out, so that a field that the contract gains does not change the digests that are kept.
  return digestOf(Object.fromEntries(Object.entries(asked).filter(([, value]) => isGiven(value))));
}

// The wire does not tell a default from nothing.
function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/**
 * A digest of a JSON-like value, equal for equal content: the order of keys does not count, nor do keys whose value is
 * undefined. A bigint counts as its decimal text.
 */
export function digestOf(value: unknown): Uint8Array {
  return createHash('sha256').update(JSON.stringify(value, canonical)).digest();
}

function canonical(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
