import { isStorable, UNSTORABLE } from '@rollcall/contract/request-content';
import { isBlank } from '@rollcall/contract/text';
import { invalidField } from '../errors.ts';

/**
 * Returns a text that a database can store.
 * @throws RpcError FIELD_INVALID
 */
export function requireStorable(field: string, text: string): string {
  if (isStorable(text)) return text;
  throw invalidField(field, UNSTORABLE);
}

/** Description of a text without a visible character, following the name of the field. */
export const SHOWS_NOTHING = 'must have a character that can be seen';

/**
 * Returns a text that a database can store and that has a visible character.
 * @throws RpcError FIELD_INVALID
 */
export function requireVisible(field: string, text: string): string {
  if (isBlank(requireStorable(field, text))) throw invalidField(field, SHOWS_NOTHING);
  return text;
}

/**
 * Returns an id in lower case. For output-only fields, which have no rule in the proto file.
 * @throws RpcError FIELD_INVALID
 */
export function requireUuid(field: string, text: string): string {
  const id = text.toLowerCase();
  if (isUuid(id)) return id;
  throw invalidField(field, 'must be a UUID');
}

/** Whether a text is a UUID in lower case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
