import { invalidField } from '@rollcall/runtime/rpc';
import { isCalendarDate } from '../bookings/booking.ts';

/** A day, null where none is given. Throws RpcError FIELD_INVALID for one that is on no calendar. */
export function dayFromText(field: string, text: string): string | null {
  if (text === '') return null;
  if (!isCalendarDate(text)) throw invalidField(field, 'must be a day that exists, as YYYY-MM-DD');
  return text;
}

/** Throws RpcError FIELD_INVALID where something that only a creation must give is not given. */
export function requirePresent(field: string, value: string | number): void {
  if (!value) throw invalidField(field, 'must be given');
}

/**
 * The values that a mask names, by their names in the domain. Throws RpcError FIELD_INVALID where it names none, or one that
 * cannot be changed.
 */
export function pickMasked<Values extends object>(
  paths: readonly string[],
  values: { readonly [Path: string]: Partial<Values> },
): Partial<Values> {
  if (paths.length === 0) throw invalidField('update_mask', 'must name at least one field');
  const strange = paths.find((path) => !Object.hasOwn(values, path));
  if (strange !== undefined) {
    const known = Object.keys(values).join(', ');
    throw invalidField('update_mask', `must name nothing but ${known}, and names ${JSON.stringify(strange)}`);
  }
  return Object.assign({}, ...paths.map((path) => values[path]));
}
