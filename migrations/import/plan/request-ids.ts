import { createHash } from 'node:crypto';

/**
 * Returns a request id that depends on the parts only: a UUID of version 8 (RFC 9562, 5.8) made of SHA-256
 * over the parts. Parts are delimited, so that different parts give different ids.
 */
export function requestId(...parts: readonly (string | number)[]): string {
  const bytes = digest(['rollcall import', ...parts]).subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Returns SHA-256 over the parts. */
export function digest(parts: readonly (string | number)[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
