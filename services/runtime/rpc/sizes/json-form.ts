import { type DescField, ScalarType } from '@bufbuild/protobuf';
import { isCalendarDate, isMomentMs } from '@rollcall/contract/request-content';

/** JSON form of a value. */
export interface JsonForm {
  /** Whether a value has this form. The decoder refuses any other, but without the name of the field. */
  takes(value: unknown): boolean;
  /** Description of the form, following the name of the field. */
  readonly wanted: string;
}

/** The form of one value of a field: of an element in a list, of a value in a map. */
export function jsonForm(field: DescField): JsonForm {
  if (field.message) return MESSAGES.get(field.message.typeName) ?? OBJECT;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return TEXT;
    case ScalarType.BOOL:
      return BOOL;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return NUMBER;
    default:
      return LONG.has(field.scalar) ? WHOLE_64 : WHOLE_32;
  }
}

/** The form of a whole list. */
export const LIST: JsonForm = { takes: Array.isArray, wanted: 'must be a list' };

/** The form of a whole map, and of a message. */
export const OBJECT: JsonForm = {
  takes: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  wanted: 'must be an object',
};

const LONG = new Set<ScalarType | undefined>([
  ...[ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64],
  ...[ScalarType.UINT64, ScalarType.FIXED64],
]);
const TEXT: JsonForm = { takes: (value) => typeof value === 'string', wanted: 'must be a text' };
const BOOL: JsonForm = { takes: (value) => typeof value === 'boolean', wanted: 'must be true or false' };
const NOT_FINITE = new Set<unknown>(['NaN', 'Infinity', '-Infinity']);
const NUMBER: JsonForm = {
  takes: (value) => Number.isFinite(numberOf(value)) || NOT_FINITE.has(value),
  wanted: 'must be a number',
};
/** A whole number of at most 32 bits. Also a value of an enum that is no name. */
export const WHOLE_32: JsonForm = {
  takes: (value) => (numberOf(value) | 0) === numberOf(value),
  wanted: 'must be a whole number of 32 bits',
};
// A JSON number has 53 bits; the rest would be lost silently.
const WHOLE_64: JsonForm = {
  takes: (value) => Number.isSafeInteger(value) || (typeof value === 'string' && isWhole64(value)),
  wanted: `must be a whole number of 64 bits, and a text beyond ${Number.MAX_SAFE_INTEGER}`,
};

/** Messages with a special JSON form: https://protobuf.dev/programming-guides/json/ */
const MESSAGES: ReadonlyMap<string, JsonForm> = new Map([
  [
    'google.protobuf.Timestamp',
    {
      takes: isMoment,
      wanted: 'must be a moment of the years 1 to 9999, such as 2026-01-31T12:30:00Z',
    },
  ],
  [
    'google.protobuf.FieldMask',
    {
      takes: (value: unknown) => typeof value === 'string' && !value.includes('_'),
      wanted: 'must be a text of paths as JSON names them, such as "firstName,profile.tags"',
    },
  ],
]);

function isWhole64(text: string): boolean {
  return /^-?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d*\.?\d+(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : Number.NaN;
}

const MOMENT = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

// The decoder does not check whether the date exists.
function isMoment(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const [, day] = MOMENT.exec(value) ?? [];
  return day !== undefined && isCalendarDate(day) && isMomentMs(Date.parse(value));
}
