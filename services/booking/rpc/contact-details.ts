import { Buffer } from 'node:buffer';
import type { JsonObject } from '@bufbuild/protobuf';
import { structFault } from '@rollcall/contract/request-content';
import { invalidField } from '@rollcall/runtime/rpc';

/** The most that contact details may take, in bytes of JSON. Our own choice: an address book's entry many times over. */
export const MAX_CONTACT_BYTES = 16 * 1024;

/** Contact details as they are kept; null: none were given. Throws RpcError FIELD_INVALID for what cannot be kept. */
export function contactDetailsFromMessage(details: JsonObject | undefined): JsonObject | null {
  if (!details) return null;
  const fault = structFault(details) ?? sizeFault(details);
  if (fault) throw invalidField('booking.contact_details', fault);
  return details;
}

function sizeFault(details: JsonObject): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(details));
  return bytes > MAX_CONTACT_BYTES
    ? `must be at most ${MAX_CONTACT_BYTES} bytes as JSON, and is ${bytes}`
    : undefined;
}
