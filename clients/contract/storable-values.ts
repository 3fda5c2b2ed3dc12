import type { Timestamp } from '@bufbuild/protobuf/wkt';

/** The fault of a text that `isStorable` refuses; follows the name of the field. */
export const UNSTORABLE = 'must not hold the character U+0000 or half a surrogate pair';

/** Deepest nesting of objects and lists in a `Struct`. Our own choice, which every client can decode. */
export const MAX_STRUCT_DEPTH = 16;

/** The fault of a `Struct` beyond that depth; follows the name of the field. */
export const TOO_DEEP = `must not be nested deeper than ${MAX_STRUCT_DEPTH}`;

/** The bounds of a Timestamp in its proto definition. Seconds: the years 1 to 9999. */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
const FIRST_MS = 1000 * Number(FIRST_SECOND);
const END_MS = 1000 * (Number(LAST_SECOND) + 1);
/** Whether Postgres can store a text. It stores neither NUL nor half a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** The fault of a Timestamp; follows the name of the field. Undefined: it lies in the years 1 to 9999. */
export function momentFault({ seconds, nanos }: Pick<Timestamp, 'seconds' | 'nanos'>): string | undefined {
  const isMoment = seconds >= FIRST_SECOND && seconds <= LAST_SECOND && nanos >= 0 && nanos < 1e9;
  return isMoment ? undefined : 'must be a moment of the years 1 to 9999';
}

/** Whether a text is a date of the calendar, `YYYY-MM-DD`. `Date` alone accepts 30 February. */
export function isCalendarDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  );
}

/** Whether a value is a number of milliseconds since 1970 that lies in the years 1 to 9999. */
export function isMomentMs(ms: unknown): ms is number {
  return Number.isInteger(ms) && Number(ms) >= FIRST_MS && Number(ms) < END_MS;
}

/**
 * The fault of a value of a `Struct`; follows the name of the field. Undefined: it can be stored.
 * @param depthLeft levels of nesting that remain; default MAX_STRUCT_DEPTH
 */
export function structFault(value: unknown, depthLeft = MAX_STRUCT_DEPTH): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : UNSTORABLE;
  if (typeof value === 'number' && !Number.isFinite(value))
    return 'must hold no number that is infinite or none';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depthLeft === 0) return TOO_DEEP;
  for (const [key, each] of Object.entries(value)) {
    const fault = isStorable(key) ? structFault(each, depthLeft - 1) : UNSTORABLE;
    if (fault) return fault;
  }
  return undefined;
}
