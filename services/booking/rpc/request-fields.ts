import { invalidField } from '@rollcall/runtime/rpc';
import { isCalendarDate } from '../bookings/booking.ts';

/**
 * Reads a day. Null: not given.
 * @throws RpcError FIELD_INVALID when the day is not on the calendar
 */
export function dayFromText(field: string, text: string): string | null {
  if (text === '') return null;
  if (!isCalendarDate(text)) throw invalidField(field, 'must be a day that exists, as YYYY-MM-DD');
  return text;
}

/**
 * Requires a field that only a creation must set.
 * @throws RpcError FIELD_INVALID
 */
export function requirePresent(field: string, value: string | number): void {
  if (!value) throw invalidField(field, 'must be given');
}

/**
 * Picks the values of a mask's paths.
 * @throws RpcError FIELD_INVALID when the mask is empty or names a field that cannot be changed
 */
export function pickMasked<Values extends object>(
  paths: readonly string[],
  values: { readonly [Path: string]: Partial<Values> },
): Partial<Values> {
  if (paths.length === 0) throw invalidField('update_mask', 'must name at least one field');
  const unknownPath = paths.find((path) => !Object.hasOwn(values, path));
  if (unknownPath !== undefined) {
    const known = Object.keys(values).join(', ');
    throw invalidField(
      'update_mask',
      `must name nothing but ${known}, and names ${JSON.stringify(unknownPath)}`,
    );
  }
  return Object.assign({}, ...paths.map((path) => values[path]));
}
