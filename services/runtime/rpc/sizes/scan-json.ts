import { isStorable, MAX_STRUCT_DEPTH } from '@rollcall/contract/request-content';
import { type JsonForm, LIST, OBJECT } from './json-form.ts';
import type { FieldSizes, MessageSizes, ValueSizes } from './message-sizes.ts';
import {
  enumFault,
  type RequestFault,
  tooDeep,
  tooLarge,
  tooLong,
  tooMany,
  unknownField,
  unstorable,
  within,
} from './request-fault.ts';
import { DELIMITED } from './scalar-sizes.ts';

/**
 * Finds the first field of a JSON message that breaks its limit, is given twice, has a value of the wrong
 * form, or an unknown name.
 */
export function scanJson(sizes: MessageSizes, json: unknown): RequestFault | undefined {
  if (!isObject(json)) return undefined;
  const given = new Map<string, FieldSizes>();
  for (const [name, value] of Object.entries(json)) {
    const field = sizes.byName.get(name);
    const fault = field ? (givenBeside(field, given) ?? scanField(field, value)) : unknownField(sizes, name);
    if (fault) return fault;
  }
  return undefined;
}

// A field under both of its names, or two fields of a oneof: the decoder would take either of them.
function givenBeside(field: FieldSizes, given: Map<string, FieldSizes>): RequestFault | undefined {
  const place = field.oneof ?? field.name;
  const other = given.get(place);
  given.set(place, field);
  if (!other) return undefined;
  const description =
    other === field ? 'must be given by one of its names only' : `must not be given beside ${other.name}`;
  return { field: field.name, description };
}

function scanField(field: FieldSizes, value: unknown): RequestFault | undefined {
  // Null means that the field is absent.
  if (value === null) return undefined;
  if (field.kind === 'map')
    return isObject(value) ? scanMap(field, value) : { field: field.name, description: OBJECT.wanted };
  if (field.kind === 'list')
    return Array.isArray(value) ? scanList(field, value) : { field: field.name, description: LIST.wanted };
  const fault = scanValue(field.value, value, field.form);
  return fault && within(field, fault);
}

function scanList(field: FieldSizes, values: readonly unknown[]): RequestFault | undefined {
  if (values.length > field.maxItems) return tooMany(field);
  for (const [index, value] of values.entries()) {
    const fault = scanValue(field.value, value, field.form);
    if (fault) return within(field, fault, index);
  }
  return undefined;
}

function scanMap(field: FieldSizes, map: object): RequestFault | undefined {
  const entries = Object.entries(map);
  if (entries.length > field.maxItems) return tooMany(field);
  for (const [key, value] of entries) {
    const fault = (field.key && scanValue(field.key, key)) ?? scanValue(field.value, value, field.form);
    if (fault) return within(field, fault);
  }
  return undefined;
}

function scanValue(sizes: ValueSizes, value: unknown, form?: JsonForm): RequestFault | undefined {
  const { text, maxBytes, message, names, wireType, jsonBytes } = sizes;
  if (names) return enumFault(names, value);
  // A number may be written as a text, and a long one takes long to parse.
  if (wireType !== DELIMITED && typeof value === 'string' && value.length > jsonBytes)
    return tooLarge(jsonBytes);
  if (form && !form.takes(value)) return { field: '', description: form.wanted };
  if (typeof value === 'string' && text) {
    if (isLonger(value, text)) return tooLong(sizes);
    // The decoder refuses half a surrogate pair, but without the name of the field.
    return isStorable(value) ? undefined : unstorable;
  }
  if (message) return scanJson(message, value);
  return maxBytes === undefined ? undefined : opaqueFault(value, maxBytes);
}

/** The least size of an element of a list, in either form. Bytes. */
const ELEMENT_BYTES = 2;

// A loop instead of recursion: values may be nested deeper than the stack allows.
function opaqueFault(value: unknown, maxBytes: number): RequestFault | undefined {
  const rest = [{ value, depth: 1 }];
  let bytes = 0;
  let isTooDeep = false;
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { depth } = next;
    bytes += ELEMENT_BYTES;
    if (typeof next.value === 'string') bytes += Buffer.byteLength(next.value);
    else if (typeof next.value === 'object' && next.value !== null) {
      isTooDeep ||= depth > MAX_STRUCT_DEPTH;
      for (const [key, each] of Object.entries(next.value)) {
        if (!Array.isArray(next.value)) rest.push({ value: key, depth });
        rest.push({ value: each, depth: depth + 1 });
      }
    }
    if (bytes > maxBytes) return tooLarge(maxBytes);
  }
  return isTooDeep ? tooDeep : undefined;
}

function isLonger(value: string, { maxChars, maxBytes }: { maxChars: number; maxBytes: number }): boolean {
  // A character outside the basic plane counts once and has two UTF-16 units.
  if (value.length > 2 * maxChars) return true;
  if (value.length > maxChars && [...value].length > maxChars) return true;
  return 3 * value.length > maxBytes && Buffer.byteLength(value) > maxBytes;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
