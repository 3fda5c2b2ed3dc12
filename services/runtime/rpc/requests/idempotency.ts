import { createHash } from 'node:crypto';

/** Idempotency key of a write. */
export interface NamedWrite {
  /** UUID chosen by the caller, in lower case. */
  readonly id: string;
  /** Digest of the whole request. */
  readonly fingerprint: Uint8Array;
}

/**
 * Returns the idempotency key of a write, to spread into its command. Empty when the caller gave no id,
 * because a repeat cannot be recognised.
 * @param asked every field that the caller chose
 */
export function writeRequest(requestId: string, asked: object): { request?: NamedWrite } {
  if (!requestId) return {};
  return { request: { id: requestId.toLowerCase(), fingerprint: fingerprintOf(asked) } };
}

/** Digest of the fields that a caller chose, in any order. */
export function fingerprintOf(asked: object): Uint8Array {
  // Empty fields are left out, so that a new field of the contract does not change stored digests.
  return digestOf(Object.fromEntries(Object.entries(asked).filter(([, value]) => isGiven(value))));
}

// The wire does not distinguish a default from an absent field.
function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/**
 * Digest of a JSON-like value. Ignores the order of keys and keys whose value is undefined. A bigint counts
 * as its decimal text.
 */
export function digestOf(value: unknown): Uint8Array {
  return createHash('sha256').update(JSON.stringify(value, canonical)).digest();
}

function canonical(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
