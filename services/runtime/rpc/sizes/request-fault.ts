import { TOO_DEEP, UNSTORABLE } from '@rollcall/contract/request-content';
import type { FieldSizes, ValueSizes } from './message-sizes.ts';

/** What is wrong with one field of a request. */
export interface RequestFault {
  /** Path of the field: `keys[3].email`. */
  readonly field: string;
  /** The rule that is broken, to stand behind the field's name. */
  readonly description: string;
}

/** The fault, seen from the message around it. */
export function within(field: FieldSizes, fault: RequestFault, index?: number): RequestFault {
  const place = index === undefined ? field.name : `${field.name}[${index}]`;
  return { ...fault, field: fault.field === '' ? place : `${place}.${fault.field}` };
}

/** A list or map with too many elements. The sentences are those of protovalidate. */
export function tooMany({ name, kind, maxItems }: FieldSizes): RequestFault {
  const description =
    kind === 'map'
      ? `map must be at most ${maxItems} entries`
      : `must contain no more than ${maxItems} item(s)`;
  return { field: name, description };
}

/** A text with too many characters or bytes; the field is for the caller to add. */
export function tooLong({ text }: ValueSizes): RequestFault {
  const { maxChars = 0, maxBytes = 0 } = text ?? {};
  const description =
    maxChars < maxBytes ? `must be at most ${maxChars} characters` : `must be at most ${maxBytes} bytes`;
  return { field: '', description };
}

/** A message that takes too many bytes; the field is for the caller to add. */
export function tooLarge(maxBytes: number): RequestFault {
  return { field: '', description: `must take at most ${maxBytes} bytes` };
}

/** A text that no database can keep; the field is for the caller to add. */
export const unstorable: RequestFault = { field: '', description: UNSTORABLE };

/** A struct that is nested too deep; the field is for the caller to add. */
export const tooDeep: RequestFault = { field: '', description: TOO_DEEP };
