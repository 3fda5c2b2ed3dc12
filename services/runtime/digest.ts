import { createHash } from 'node:crypto';

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
