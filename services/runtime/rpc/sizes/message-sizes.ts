import { type DescEnum, type DescField, type DescMessage, getOption, ScalarType } from '@bufbuild/protobuf';
import { type FieldRules, fieldRules, maxBytes as maxBytesOption } from '@rollcall/contract/rules';
import { type JsonForm, jsonForm } from './json-form.ts';

/** How large a message may be, field by field, as its proto file bounds it. */
export interface MessageSizes {
  readonly typeName: string;
  readonly byNumber: ReadonlyMap<number, FieldSizes>;
  /** By each name that JSON may use: `userId` and `user_id`. */
  readonly byName: ReadonlyMap<string, FieldSizes>;
  /** The most bytes that the message takes in binary form. */
  readonly binaryBytes: number;
  /** The most bytes that it takes as JSON, with every character escaped, and indented. */
  readonly jsonBytes: number;
}

/** How large one field may be. */
export interface FieldSizes {
  /** As the proto file has it: `tenant_id`. */
  readonly name: string;
  readonly jsonName: string;
  readonly number: number;
  readonly kind: 'single' | 'list' | 'map';
  /** The most elements of a list, or entries of a map; 1 for a single field. */
  readonly maxItems: number;
  readonly value: ValueSizes;
  /** Bounds of a map's keys. */
  readonly key?: ValueSizes;
  /** How JSON writes one value. */
  readonly form: JsonForm;
  /** Name of the oneof that the field is in; absent: of none. */
  readonly oneof?: string;
  readonly binaryBytes: number;
  readonly jsonBytes: number;
}

/** How large one value may be: of a single field, an element of a list, a key or a value of a map. */
export interface ValueSizes {
  readonly wireType: WireType;
  /** Bounds of a string or of bytes. */
  readonly text?: TextSizes;
  /** The most bytes of a message in binary form, where its field sets a bound of its own. */
  readonly maxBytes?: number;
  /** Bounds within a message; absent for other values, and for messages that are bounded as a whole. */
  readonly message?: MessageSizes;
  /** Names of an enum's values; absent for other values. */
  readonly names?: EnumNames;
  readonly binaryBytes: number;
  readonly jsonBytes: number;
}

/** How long a string or bytes may be. */
export interface TextSizes {
  readonly maxChars: number;
  readonly maxBytes: number;
  /** Whether it is a string. */
  readonly isUtf8: boolean;
}

/** The names by which JSON may give a value of an enum. */
export interface EnumNames {
  /** The number of each. */
  readonly known: ReadonlyMap<string, number>;
  /** Whether the field rules take a number. */
  takes(number: number): boolean;
  /** Those that the field rules take. */
  readonly allowed: readonly string[];
  /** What all of them begin with: `BOOKING_STATUS_`. */
  readonly prefix: string;
}

/** https://protobuf.dev/programming-guides/encoding/#structure; groups are not taken. */
export type WireType = typeof VARINT | typeof FIXED64 | typeof DELIMITED | typeof FIXED32;
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
export const FIXED32 = 5;

/** Bounds for fields whose proto file sets none. Absent: such a field is a fault. */
export interface Defaults {
  readonly maxChars: number;
  readonly maxItems: number;
}

// "\u0041" for a character of one byte; a character of four bytes takes two of them.
const JSON_BYTES_OF_BYTE = 6;
const JSON_BYTES_OF_CHAR = 12;
const BYTES_OF_CHAR = 4;
/** The longest number; negative ones take it. */
const VARINT_BYTES = 10;
const JSON_NUMBER_BYTES = 32;
/** Quotes, colon, comma, a line's end and its indentation. */
const JSON_LAYOUT_BYTES = 64;
const UUID_CHARS = 36;

/**
 * Reads the bounds of a message from its descriptor: `buf.validate` and `rollcall.type.v1.max_bytes`.
 * @throws Error naming every field that has no bound.
 */
export function messageSizes(message: DescMessage, defaults?: Defaults): MessageSizes {
  const reading: Reading = { defaults, faults: new Set(), open: new Set(), done: new Map() };
  const sizes = readMessage(message, reading);
  if (reading.faults.size === 0) return sizes;
  throw new Error(`No bound in the proto file: ${[...reading.faults].join('; ')}.`);
}

interface Reading {
  readonly defaults: Defaults | undefined;
  readonly faults: Set<string>;
  /** Messages that are being read, to notice one that holds itself. */
  readonly open: Set<DescMessage>;
  readonly done: Map<DescMessage, MessageSizes>;
}

function readMessage(message: DescMessage, reading: Reading): MessageSizes {
  const known = reading.done.get(message);
  if (known) return known;
  if (reading.open.has(message)) {
    reading.faults.add(`${message.typeName} holds itself: give the field that leads to it max_bytes`);
    return NOTHING;
  }
  reading.open.add(message);
  const fields = message.fields.map((field) => readField(field, reading));
  reading.open.delete(message);
  const sizes: MessageSizes = {
    typeName: message.typeName,
    byNumber: new Map(fields.map((field) => [field.number, field])),
    byName: new Map(
      fields.flatMap((field) => [
        [field.name, field],
        [field.jsonName, field],
      ]),
    ),
    binaryBytes: sumOf(message, fields, 'binaryBytes'),
    jsonBytes: JSON_LAYOUT_BYTES + sumOf(message, fields, 'jsonBytes'),
  };
  reading.done.set(message, sizes);
  return sizes;
}

const NOTHING: MessageSizes = {
  typeName: '',
  byNumber: new Map(),
  byName: new Map(),
  binaryBytes: 0,
  jsonBytes: 0,
};

function readField(field: DescField, reading: Reading): FieldSizes {
  const rules = getOption(field, fieldRules);
  const { kind, maxItems, key, value } = readShape(field, rules, reading);
  const tagBytes = varintBytes(field.number * 8);
  // The tags of key and value take a byte each, and the entry stands behind its length.
  const entryBytes = key ? withLength(2 + key.binaryBytes + value.binaryBytes) : value.binaryBytes;
  const nameBytes = Math.max(field.name.length, field.jsonName.length) + JSON_LAYOUT_BYTES;
  return {
    name: field.name,
    jsonName: field.jsonName,
    number: field.number,
    kind,
    maxItems,
    value,
    ...(key && { key }),
    form: jsonForm(field),
    ...(field.oneof && { oneof: field.oneof.name }),
    binaryBytes: maxItems * (tagBytes + entryBytes),
    jsonBytes: nameBytes + maxItems * (JSON_LAYOUT_BYTES + (key?.jsonBytes ?? 0) + value.jsonBytes),
  };
}

type Shape = Pick<FieldSizes, 'kind' | 'maxItems' | 'value'> & { key?: ValueSizes };

function readShape(field: DescField, rules: FieldRules, reading: Reading): Shape {
  const { type } = rules;
  if (field.fieldKind === 'list') {
    const list = type.case === 'repeated' ? type.value : undefined;
    const maxItems = countOf(list?.maxItems, field, reading);
    return { kind: 'list', maxItems, value: readValue(field, list?.items, reading) };
  }
  if (field.fieldKind === 'map') {
    const map = type.case === 'map' ? type.value : undefined;
    return {
      kind: 'map',
      maxItems: countOf(map?.maxPairs, field, reading),
      key: readScalar(field.mapKey, field, { rules: map?.keys, reading, what: 'keys of ' }),
      value: readValue(field, map?.values, reading),
    };
  }
  return { kind: 'single', maxItems: 1, value: readValue(field, rules, reading) };
}

function countOf(max: bigint | undefined, field: DescField, { defaults, faults }: Reading): number {
  if (max !== undefined && max > 0n) return Number(max);
  if (!defaults) faults.add(`${nameOf(field)} wants max_items or max_pairs`);
  return defaults?.maxItems ?? 0;
}

function readValue(field: DescField, rules: FieldRules | undefined, reading: Reading): ValueSizes {
  if (field.message) return readMessageValue(field, field.message, reading);
  if (field.enum) {
    const longest = Math.max(...field.enum.values.map(({ name }) => name.length));
    const jsonBytes = Math.max(longest, JSON_NUMBER_BYTES);
    return {
      wireType: VARINT,
      names: enumNames(field.enum, rules),
      binaryBytes: VARINT_BYTES,
      jsonBytes,
    };
  }
  return readScalar(field.scalar as ScalarType, field, { rules, reading, what: '' });
}

function enumNames({ values, sharedPrefix = '' }: DescEnum, rules: FieldRules | undefined): EnumNames {
  const { notIn = [], definedOnly = false } = rules?.type.case === 'enum' ? rules.type.value : {};
  const takes = (number: number) =>
    !notIn.includes(number) && (!definedOnly || values.some((each) => each.number === number));
  return {
    known: new Map(
      values.flatMap(({ name, jsonName, number }) => [name, jsonName].map((each) => [each, number])),
    ),
    takes,
    allowed: values.filter(({ number }) => takes(number)).map(({ name }) => name),
    prefix: sharedPrefix.toUpperCase(),
  };
}

function readMessageValue(field: DescField, message: DescMessage, reading: Reading): ValueSizes {
  const bound = getOption(field, maxBytesOption) || undefined;
  // Messages of Google's that set no bounds within are bounded as a whole.
  const isOpaque = bound !== undefined && message.typeName.startsWith('google.protobuf.');
  const within = isOpaque ? undefined : readMessage(message, reading);
  const most = Math.min(within?.binaryBytes ?? Number.POSITIVE_INFINITY, bound ?? Number.POSITIVE_INFINITY);
  const mostJson = within?.jsonBytes ?? Number.POSITIVE_INFINITY;
  return {
    wireType: DELIMITED,
    ...(bound !== undefined && { maxBytes: bound }),
    ...(within && { message: within }),
    binaryBytes: withLength(most),
    jsonBytes: JSON_LAYOUT_BYTES + Math.min(mostJson, (bound ?? mostJson) * JSON_BYTES_OF_BYTE),
  };
}

interface ScalarReading {
  readonly rules: FieldRules | undefined;
  readonly reading: Reading;
  readonly what: string;
}

function readScalar(
  scalar: ScalarType,
  field: DescField,
  { rules, reading, what }: ScalarReading,
): ValueSizes {
  if (scalar !== ScalarType.STRING && scalar !== ScalarType.BYTES) {
    return { wireType: wireTypeOf(scalar), binaryBytes: VARINT_BYTES, jsonBytes: JSON_NUMBER_BYTES };
  }
  const text = textBounds(rules) ?? defaultText(reading.defaults);
  if (!text) reading.faults.add(`${what}${nameOf(field)} wants max_len or max_bytes`);
  const { maxChars, maxBytes } = text ?? { maxChars: 0, maxBytes: 0 };
  return {
    wireType: DELIMITED,
    text: { maxChars, maxBytes, isUtf8: scalar === ScalarType.STRING },
    binaryBytes: withLength(maxBytes),
    jsonBytes: Math.min(maxChars * JSON_BYTES_OF_CHAR, maxBytes * JSON_BYTES_OF_BYTE),
  };
}

type TextBounds = Omit<TextSizes, 'isUtf8'>;

function textBounds(rules: FieldRules | undefined): TextBounds | undefined {
  const type = rules?.type;
  if (type?.case === 'bytes') return toText(undefined, Number(type.value.maxLen || type.value.len));
  if (type?.case !== 'string') return undefined;
  const { maxLen, len, maxBytes, lenBytes, wellKnown, in: allowed } = type.value;
  const isUuid = wellKnown.case === 'uuid' && wellKnown.value;
  const longest = Math.max(0, ...allowed.map((text) => text.length));
  if (isUuid) return toText(UUID_CHARS, UUID_CHARS);
  return toText(Number(maxLen || len) || longest || undefined, Number(maxBytes || lenBytes) || undefined);
}

function toText(maxChars: number | undefined, maxBytes: number | undefined): TextBounds | undefined {
  if (!maxChars && !maxBytes) return undefined;
  const bytes = maxBytes || (maxChars as number) * BYTES_OF_CHAR;
  return { maxChars: maxChars || bytes, maxBytes: bytes };
}

function defaultText(defaults: Defaults | undefined): TextBounds | undefined {
  return defaults && toText(defaults.maxChars, undefined);
}

function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return FIXED64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return FIXED32;
    default:
      return VARINT;
  }
}

function withLength(bytes: number): number {
  return varintBytes(bytes) + bytes;
}

function varintBytes(value: number): number {
  return value < 128 ? 1 : 1 + varintBytes(Math.floor(value / 128));
}

function nameOf(field: DescField): string {
  return `${field.parent.typeName}.${field.name}`;
}

// Of a oneof the largest field counts.
function sumOf(
  message: DescMessage,
  sizes: readonly FieldSizes[],
  form: 'binaryBytes' | 'jsonBytes',
): number {
  const largest = new Map<unknown, number>();
  for (const [index, field] of message.fields.entries()) {
    const place = field.oneof ?? field;
    largest.set(place, Math.max(largest.get(place) ?? 0, sizes[index]?.[form] ?? 0));
  }
  return largest.values().reduce((total, each) => total + each, 0);
}
