import { hotelBookings } from '../hotel-bookings/hotel-bookings.ts';
import { ImportFault } from '../import-fault.ts';
import type { SourceKind } from './source-kind.ts';

/** Every kind of file that can be imported, by the name that the command line takes. */
export const KINDS: Readonly<Record<string, SourceKind>> = { 'hotel-bookings': hotelBookings };

/** The kind of that name. Throws ImportFault where there is none. */
export function kindOf(name: string): SourceKind {
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind) return kind;
  throw new ImportFault(`There is no kind of file "${name}": name one of ${Object.keys(KINDS).join(', ')}`);
}
