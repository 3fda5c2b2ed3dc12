import { showValue } from '@rollcall/transport';
import { UserClientOptionError } from './model/errors.ts';
import type { UserLookup } from './model/user-lookup.ts';

/**
 * The column of a row with a user's id: the name of a field, or a function. Null, undefined and an empty text
 * mean that there is no id.
 */
export type UserColumn<Row> = (keyof Row & string) | ((row: Row) => string | null | undefined);

/** A row with a lookup per column. Undefined: the row has no id there. */
export type WithUsers<Row, Columns> = Omit<Row, keyof Columns> & {
  [Name in keyof Columns]: UserLookup | undefined;
};

/** Two ways to read lookups. */
interface UserLookups {
  /** The lookups, where all are in memory. Undefined: they must be read, or an id is invalid. */
  lookupNow(ids: readonly string[]): readonly UserLookup[] | undefined;
  /** @throws UserClientOptionError when an id is invalid, with the name for its place */
  lookupMany(ids: readonly string[], nameOf: (place: number) => string): Promise<readonly UserLookup[]>;
}

/**
 * Attaches users to rows by their ids, with one read for all columns. Returns copies of the rows.
 * @throws UserClientOptionError
 */
export async function attachUsers<Row extends object, Columns extends Record<string, UserColumn<Row>>>(
  rows: readonly Row[],
  columns: Columns,
  { lookupNow, lookupMany }: UserLookups,
): Promise<WithUsers<Row, Columns>[]> {
  checkRows(rows);
  const names = toNames(columns);
  const cells = readCells(rows, columns, names);
  const ids = cells.includes(undefined) ? cells.filter((id) => id !== undefined) : (cells as string[]);
  const nameOf = (cell: number) => `rows[${Math.floor(cell / names.length)}].${names[cell % names.length]}`;
  const lookups =
    lookupNow(ids) ??
    (await lookupEach(ids, (distinctIds) =>
      lookupMany(distinctIds, (at) => nameOf(placeOf(distinctIds[at], cells))),
    ));
  let cell = 0;
  let at = 0;
  const next = () => (cells[cell++] === undefined ? undefined : lookups[at++]);
  return rows.map((row) => {
    let copy: object = names.length === 0 ? { ...row } : row;
    for (const name of names) copy = { ...copy, [name]: next() };
    return copy as WithUsers<Row, Columns>;
  });
}

function checkRows(rows: unknown): void {
  if (!Array.isArray(rows))
    throw new UserClientOptionError('rows', `${showValue(rows)} is not an array of objects`);
}

/** The names of the new columns. */
function toNames(columns: unknown): string[] {
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns))
    throw new UserClientOptionError(
      'columns',
      `${showValue(columns)} is not an object; name each new column and where its id is: { customer: 'customerId' }`,
    );
  const names = Object.keys(columns);
  for (const name of names) checkColumn(name, (columns as Record<string, unknown>)[name]);
  return names;
}

function checkColumn(name: string, column: unknown): void {
  if (typeof column === 'string' || typeof column === 'function') return;
  throw new UserClientOptionError(
    `columns.${name}`,
    `${showValue(column)} is neither the name of a field nor a function that returns an id`,
  );
}

/** The first cell with this id. A column's function may return NaN, which `indexOf` does not find. */
function placeOf(id: string | undefined, cells: readonly (string | undefined)[]): number {
  return cells.findIndex((cell) => [cell].includes(id));
}

/** Returns the id of each row, in order. Undefined: the row has no id. */
function readCells<Row>(
  rows: readonly Row[],
  columns: Record<string, UserColumn<Row>>,
  names: readonly string[],
): (string | undefined)[] {
  const cells: (string | undefined)[] = [];
  for (const row of rows) {
    for (const name of names) {
      if (row === null || typeof row !== 'object')
        throw new UserClientOptionError(
          `rows[${rows.findIndex((one) => [one].includes(row))}].${name}`,
          `the row is ${showValue(row)} and not an object`,
        );
      const column = columns[name] as UserColumn<Row>;
      const id = (typeof column === 'function' ? column(row) : row[column]) as string | null | undefined;
      cells.push(id === null || id === '' ? undefined : id);
    }
  }
  return cells;
}

/** Reads each id once. */
async function lookupEach(
  ids: readonly string[],
  lookupMany: (distinctIds: readonly string[]) => Promise<readonly UserLookup[]>,
): Promise<readonly UserLookup[]> {
  const distinctIds = [...new Set(ids)];
  const lookups = await lookupMany(distinctIds);
  if (distinctIds.length === ids.length) return lookups;
  const byId = new Map(distinctIds.map((id, at) => [id, lookups[at] as UserLookup]));
  return ids.map((id) => byId.get(id) as UserLookup);
}
