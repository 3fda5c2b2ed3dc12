import { UserClientOptionError } from './errors.ts';
import { toUserId } from './ids.ts';
import type { UserLookup } from './user-lookup.ts';

/** Where a row has the id of a user: the name of a field, or a function. No id is null, undefined or empty. */
export type UserColumn<Row> = (keyof Row & string) | ((row: Row) => string | null | undefined);

/** A row with a lookup per column; undefined where the row has no id there. */
export type WithUsers<Row, Columns> = Omit<Row, keyof Columns> & {
  [Name in keyof Columns]: UserLookup | undefined;
};

/** Two ways to the same lookups. */
export interface UserLookups {
  /** Where all are in memory. Undefined: they are to be asked for, or an id is none. */
  lookupNow(ids: readonly string[]): readonly UserLookup[] | undefined;
  lookupMany(ids: readonly string[]): Promise<readonly UserLookup[]>;
}

/** Puts users beside the ids in rows, through one read for all columns. The rows stay as they are: copies are answered. */
export async function attachUsers<Row extends object, Columns extends Record<string, UserColumn<Row>>>(
  rows: readonly Row[],
  columns: Columns,
  { lookupNow, lookupMany }: UserLookups,
): Promise<WithUsers<Row, Columns>[]> {
  const names = Object.keys(columns);
  const { ids, places } = readIds(rows, columns, names);
  const lookups = lookupNow(ids) ?? (await lookupChecked(ids, lookupMany, nameOf));
  function nameOf(place: number): string {
    const cell = places.indexOf(place);
    return `rows[${Math.floor(cell / names.length)}].${names[cell % names.length]}`;
  }
  let cell = 0;
  return rows.map((row) => {
    let copy: object = names.length === 0 ? { ...row } : row;
    for (const name of names) copy = { ...copy, [name]: lookups[places[cell++] as number] };
    return copy as WithUsers<Row, Columns>;
  });
}

/** The ids, each once; and for each cell, row by row, the place of its id among them, -1 where it has none. */
function readIds<Row>(
  rows: readonly Row[],
  columns: Record<string, UserColumn<Row>>,
  names: readonly string[],
) {
  const ids: string[] = [];
  const places: number[] = [];
  const placeOf = new Map<string, number>();
  for (const row of rows) {
    for (const name of names) {
      const id = readId(row, columns[name] as UserColumn<Row>, () => `rows[${rows.indexOf(row)}].${name}`);
      const place = id === undefined ? -1 : (placeOf.get(id) ?? ids.push(id) - 1);
      if (id !== undefined && place === ids.length - 1) placeOf.set(id, place);
      places.push(place);
    }
  }
  return { ids, places };
}

function readId<Row>(row: Row, column: UserColumn<Row>, toArgument: () => string): string | undefined {
  if (row === null || typeof row !== 'object')
    throw new UserClientOptionError(toArgument(), 'the row is not an object');
  const id = (typeof column === 'function' ? column(row) : row[column]) as string | null | undefined;
  return id === null || id === undefined || id === '' ? undefined : id;
}

/** Lookups in the order of the ids, which may be anything yet. Two spellings of an id are asked for once. */
async function lookupChecked(
  ids: readonly string[],
  lookupMany: UserLookups['lookupMany'],
  nameOf: (place: number) => string,
): Promise<(UserLookup | undefined)[]> {
  const lowerIds = ids.map((id, place) => toUserId(id, nameOf(place)));
  const lookups = await lookupMany([...new Set(lowerIds)]);
  const byId = new Map(lookups.map((lookup) => [lookup.id, lookup]));
  return lowerIds.map((id) => byId.get(id));
}
