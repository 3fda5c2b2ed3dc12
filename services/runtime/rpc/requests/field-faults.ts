import { isStorable, UNSTORABLE } from '@rollcall/contract/request-content';
import { isBlank } from '@rollcall/contract/text';
import { invalidField } from '../errors.ts';

/** The text, where a database can keep it. Throws RpcError FIELD_INVALID. */
export function requireStorable(field: string, text: string): string {
  if (isStorable(text)) return text;
  throw invalidField(field, UNSTORABLE);
}

/** What is wrong with a text that must show something and does not, to stand behind the field's name. */
export const SHOWS_NOTHING = 'must have a character that can be seen';

/** The text, where a database can keep it and a reader sees something. Throws RpcError FIELD_INVALID. */
export function requireVisible(field: string, text: string): string {
  if (isBlank(requireStorable(field, text))) throw invalidField(field, SHOWS_NOTHING);
  return text;
}

/** An id in lower case. Throws RpcError FIELD_INVALID for what is none: output-only fields have no rule of their own. */
export function requireUuid(field: string, text: string): string {
  const id = text.toLowerCase();
  if (isUuid(id)) return id;
  throw invalidField(field, 'must be a UUID');
}

/** Whether it is a UUID in lower case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
