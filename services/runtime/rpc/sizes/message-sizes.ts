import { type DescField, type DescMessage, getOption, type ScalarType } from '@bufbuild/protobuf';
import { type FieldRules, fieldRules, maxBytes as maxBytesOption } from '@rollcall/contract/rules';
import { type JsonForm, jsonForm } from './json-form.ts';
import {
  DELIMITED,
  type Defaults,
  enumSizes,
  JSON_BYTES_OF_BYTE,
  JSON_LAYOUT_BYTES,
  type ScalarSizes,
  scalarSizes,
  varintBytes,
  withLength,
} from './scalar-sizes.ts';

/** Limits of a message, field by field, from its proto file. */
export interface MessageSizes {
  readonly typeName: string;
  readonly byNumber: ReadonlyMap<number, FieldSizes>;
  /** By each name that JSON may use: `userId` and `user_id`. */
  readonly byName: ReadonlyMap<string, FieldSizes>;
  /** The most bytes in binary form. */
  readonly binaryBytes: number;
  /** The most bytes as JSON, with every character escaped, and indented. */
  readonly jsonBytes: number;
}

/** Limits of one field. */
export interface FieldSizes {
  /** Name in the proto file: `tenant_id`. */
  readonly name: string;
  readonly jsonName: string;
  readonly number: number;
  readonly kind: 'single' | 'list' | 'map';
  /** The most elements of a list, or entries of a map. 1 for a single field. */
  readonly maxItems: number;
  readonly value: ValueSizes;
  /** Limits of the keys of a map. */
  readonly key?: ValueSizes;
  /** JSON form of one value. */
  readonly form: JsonForm;
  /** Name of the oneof that holds the field. Absent: none. */
  readonly oneof?: string;
  readonly binaryBytes: number;
  readonly jsonBytes: number;
}

/** Limits of one value: of a single field, an element of a list, a key or a value of a map. */
export interface ValueSizes extends ScalarSizes {
  /** The most bytes of a message in binary form, if its field sets a limit. */
  readonly maxBytes?: number;
  /** Limits within a message. Absent for other values, and for messages that are limited as a whole. */
  readonly message?: MessageSizes;
}

/**
 * Reads the limits of a message from its descriptor: `buf.validate` and `rollcall.type.v1.max_bytes`.
 * @throws Error naming every field without a limit
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
  /** Messages that are being read, to detect recursion. */
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
  // The tags of key and value take a byte each, and the entry has a length before it.
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
  if (field.enum) return enumSizes(field.enum, rules);
  return readScalar(field.scalar as ScalarType, field, { rules, reading, what: '' });
}

function readMessageValue(field: DescField, message: DescMessage, reading: Reading): ValueSizes {
  const bound = getOption(field, maxBytesOption) || undefined;
  // Messages of Google set no limits within, so they are limited as a whole.
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

function readScalar(
  scalar: ScalarType,
  field: DescField,
  { rules, reading, what }: { rules: FieldRules | undefined; reading: Reading; what: string },
): ValueSizes {
  const sizes = scalarSizes(scalar, rules, reading.defaults);
  if (sizes) return sizes;
  reading.faults.add(`${what}${nameOf(field)} wants max_len or max_bytes`);
  return { wireType: DELIMITED, binaryBytes: 0, jsonBytes: 0 };
}

function nameOf(field: DescField): string {
  return `${field.parent.typeName}.${field.name}`;
}

// The largest field of a oneof counts.
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
