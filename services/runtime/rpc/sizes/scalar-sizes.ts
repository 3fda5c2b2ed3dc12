import { type DescEnum, ScalarType } from '@bufbuild/protobuf';
import type { FieldRules } from '@rollcall/contract/rules';

/**
 * Wire type of a field: https://protobuf.dev/programming-guides/encoding/#structure. Groups are not accepted.
 */
export type WireType = typeof VARINT | typeof FIXED64 | typeof DELIMITED | typeof FIXED32;
export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
export const FIXED32 = 5;

/** Limits of a value that is no message. */
export interface ScalarSizes {
  readonly wireType: WireType;
  /** Limits of a string or of bytes. */
  readonly text?: TextSizes;
  /** Names of an enum's values. Absent for other values. */
  readonly names?: EnumNames;
  readonly binaryBytes: number;
  readonly jsonBytes: number;
}

/** Longest string or bytes. */
interface TextSizes {
  readonly maxChars: number;
  readonly maxBytes: number;
  /** Whether it is a string. */
  readonly isUtf8: boolean;
}

/** Names that JSON may give to the values of an enum. */
export interface EnumNames {
  /** Number of each name. */
  readonly known: ReadonlyMap<string, number>;
  /** Whether the field rules accept a number. */
  takes(number: number): boolean;
  /** Names that the field rules accept. */
  readonly allowed: readonly string[];
  /** Common prefix of all names: `BOOKING_STATUS_`. */
  readonly prefix: string;
}

/** Limits for fields whose proto file sets none. Absent: such a field is a fault. */
export interface Defaults {
  readonly maxChars: number;
  readonly maxItems: number;
}

// "\u0041" for a character of one byte. A character of four bytes takes two of them.
export const JSON_BYTES_OF_BYTE = 6;
const JSON_BYTES_OF_CHAR = 12;
const BYTES_OF_CHAR = 4;
/** The longest varint: a negative number. */
const VARINT_BYTES = 10;
const JSON_NUMBER_BYTES = 32;
/** Quotes, colon, comma, line break and indentation. */
export const JSON_LAYOUT_BYTES = 64;
const UUID_CHARS = 36;

/** Limits of one value of an enum field. */
export function enumSizes(type: DescEnum, rules: FieldRules | undefined): ScalarSizes {
  const longest = Math.max(...type.values.map(({ name }) => name.length));
  const jsonBytes = Math.max(longest, JSON_NUMBER_BYTES);
  return { wireType: VARINT, names: enumNames(type, rules), binaryBytes: VARINT_BYTES, jsonBytes };
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

/** Limits of one scalar value. Undefined for a string or bytes without a limit. */
export function scalarSizes(
  scalar: ScalarType,
  rules: FieldRules | undefined,
  defaults: Defaults | undefined,
): ScalarSizes | undefined {
  if (scalar !== ScalarType.STRING && scalar !== ScalarType.BYTES) {
    return { wireType: wireTypeOf(scalar), binaryBytes: VARINT_BYTES, jsonBytes: JSON_NUMBER_BYTES };
  }
  const text = textBounds(rules) ?? defaultText(defaults);
  if (!text) return undefined;
  const { maxChars, maxBytes } = text;
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

/** Length of a value and of the length prefix before it. Bytes. */
export function withLength(bytes: number): number {
  return varintBytes(bytes) + bytes;
}

/** Length of a number as a varint. Bytes. */
export function varintBytes(value: number): number {
  return value < 128 ? 1 : 1 + varintBytes(Math.floor(value / 128));
}
