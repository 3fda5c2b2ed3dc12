import { TOO_DEEP, UNSTORABLE } from '@rollcall/contract/request-content';
import { closest, distance } from 'fastest-levenshtein';
import { WHOLE_32 } from './json-form.ts';
import type { FieldSizes, MessageSizes, ValueSizes } from './message-sizes.ts';
import type { EnumNames } from './scalar-sizes.ts';

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

/** Unknown names that may be repeated in an error; others may be anything, even contact data. */
const REPEATABLE = /^[\w.$-]{1,64}$/;
const UNREPEATABLE = '(a name that is not repeated here)';
/** Share of the letters of a name that may be misspelt. */
const MISSPELT_SHARE = 0.4;

/** The fault of a name in a JSON object that is not a field of the message. */
export function unknownField({ typeName, byName }: MessageSizes, name: string): RequestFault {
  const isSnakeCase = name.includes('_');
  const fields = [...new Set(byName.values())].map((field) => (isSnakeCase ? field.name : field.jsonName));
  const near = nearest(name, fields);
  const known = fields.length > 0 ? `whose fields are ${fields.join(', ')}` : 'which has no field';
  return {
    field: repeatable(name),
    description: `is not a field of ${typeName}, ${near ? `where the nearest name is ${near}` : known}`,
  };
}

/** The fault of an enum's value in JSON: a name, or a number of 32 bits. The caller adds the field. */
export function enumFault(names: EnumNames, value: unknown): RequestFault | undefined {
  const number = typeof value === 'string' ? names.known.get(value) : value;
  if (typeof value === 'string' && number === undefined) return unknownEnumName(names, value);
  if (WHOLE_32.takes(number) && names.takes(Number(number))) return undefined;
  return { field: '', description: `must be one of ${names.allowed.join(', ')}` };
}

function unknownEnumName({ prefix, allowed }: EnumNames, name: string): RequestFault {
  const short = allowed.map((each) => each.slice(prefix.length));
  const upper = name.toUpperCase();
  const near = nearest(upper.startsWith(prefix) ? upper.slice(prefix.length) : upper, short);
  const hint = near === undefined ? '' : `; the nearest name is ${prefix}${near}`;
  return {
    field: '',
    description: `must be one of ${allowed.join(', ')}, and ${repeatable(name)} is none of them${hint}`,
  };
}

function nearest(name: string, known: readonly string[]): string | undefined {
  // Skips long names: they are not misspellings, and comparing them is slow.
  if (known.length === 0 || !REPEATABLE.test(name)) return undefined;
  const lower = new Map(known.map((each) => [each.toLowerCase(), each]));
  const found = closest(name.toLowerCase(), [...lower.keys()]);
  const isNear = distance(name.toLowerCase(), found) <= Math.max(1, MISSPELT_SHARE * name.length);
  return isNear ? lower.get(found) : undefined;
}

function repeatable(name: string): string {
  return REPEATABLE.test(name) ? name : UNREPEATABLE;
}
