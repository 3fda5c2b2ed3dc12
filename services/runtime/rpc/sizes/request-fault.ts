import { TOO_DEEP, UNSTORABLE } from '@rollcall/contract/request-content';
import type { FieldSizes, ValueSizes } from './message-sizes.ts';

/** A field of a request that breaks a rule. */
export interface RequestFault {
  /** Path of the field: `keys[3].email`. */
  readonly field: string;
  /** The broken rule, following the name of the field. */
  readonly description: string;
}

/** Prefixes a fault with the field around it. */
export function within(field: FieldSizes, fault: RequestFault, index?: number): RequestFault {
  const place = index === undefined ? field.name : `${field.name}[${index}]`;
  return { ...fault, field: fault.field === '' ? place : `${place}.${fault.field}` };
}

/** A list or map with too many elements, in the words of protovalidate. */
export function tooMany({ name, kind, maxItems }: FieldSizes): RequestFault {
  const description =
    kind === 'map'
      ? `map must be at most ${maxItems} entries`
      : `must contain no more than ${maxItems} item(s)`;
  return { field: name, description };
}

/** A text with too many characters or bytes. The caller adds the field. */
export function tooLong({ text }: ValueSizes): RequestFault {
  const { maxChars = 0, maxBytes = 0 } = text ?? {};
  const description =
    maxChars < maxBytes ? `must be at most ${maxChars} characters` : `must be at most ${maxBytes} bytes`;
  return { field: '', description };
}

/** A message with too many bytes. The caller adds the field. */
export function tooLarge(maxBytes: number): RequestFault {
  return { field: '', description: `must take at most ${maxBytes} bytes` };
}

/** A text that no database can store. The caller adds the field. */
export const unstorable: RequestFault = { field: '', description: UNSTORABLE };

/** A struct that is nested too deep. The caller adds the field. */
export const tooDeep: RequestFault = { field: '', description: TOO_DEEP };
