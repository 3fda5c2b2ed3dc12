import { Buffer } from 'node:buffer';
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { isStorable, UNSTORABLE } from '@rollcall/runtime';
import { invalidField } from '@rollcall/runtime/rpc';

/** The most that contact details may take, in bytes of JSON. Our own choice: an address book's entry many times over. */
export const MAX_CONTACT_BYTES = 16 * 1024;

/** How deep objects and lists may lie in one another. Our own choice: far beyond an address book, far from a stack's end. */
export const MAX_CONTACT_DEPTH = 16;

/** Contact details as they are kept; null: none were given. Throws RpcError FIELD_INVALID for what cannot be kept. */
export function contactDetailsFromMessage(details: JsonObject | undefined): JsonObject | null {
  if (!details) return null;
  const fault = faultOf(details, MAX_CONTACT_DEPTH) ?? sizeFault(details);
  if (fault) throw invalidField('booking.contact_details', fault);
  return details;
}

function sizeFault(details: JsonObject): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(details));
  return bytes > MAX_CONTACT_BYTES
    ? `must be at most ${MAX_CONTACT_BYTES} bytes as JSON, and is ${bytes}`
    : undefined;
}

function faultOf(value: JsonValue, depthLeft: number): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : UNSTORABLE;
  if (typeof value === 'number' && !Number.isFinite(value))
    return 'must hold no number that is infinite or none';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depthLeft === 0) return `must not be nested deeper than ${MAX_CONTACT_DEPTH}`;
  if (!Object.keys(value).every(isStorable)) return UNSTORABLE;
  for (const each of Object.values(value)) {
    const fault = faultOf(each, depthLeft - 1);
    if (fault) return fault;
  }
  return undefined;
}
