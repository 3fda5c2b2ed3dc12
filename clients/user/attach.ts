import { UserClientOptionError } from './errors.ts';
import { toUserId } from './ids.ts';
import type { UserLookup } from './user-lookup.ts';

/** Where a row has the id of a user: the name of a field, or a function. No id is null, undefined or empty. */
export type UserColumn<Row> = (keyof Row & string) | ((row: Row) => string | null | undefined);

/** A row with a lookup per column; undefined where the row has no id there. */
export type WithUsers<Row, Columns> = Omit<Row, keyof Columns> & {
  [Name in keyof Columns]: UserLookup | undefined;
};

/** Puts users beside the ids in rows, through one read for all columns. The rows stay as they are: copies are answered. */
export async function attachUsers<Row extends object, Columns extends Record<string, UserColumn<Row>>>(
  rows: readonly Row[],
  columns: Columns,
  lookupMany: (ids: readonly string[]) => Promise<readonly UserLookup[]>,
): Promise<WithUsers<Row, Columns>[]> {
  const names = Object.keys(columns);
  const idsOfRows = rows.map((row, at) =>
    names.map((name) => readId(row, columns[name] as UserColumn<Row>, `rows[${at}].${name}`)),
  );
  const ids = [...new Set(idsOfRows.flat().filter((id) => id !== undefined))];
  const byId = new Map((await lookupMany(ids)).map((lookup) => [lookup.id, lookup]));
  return rows.map((row, at) => {
    const users = names.map((name, i) => [name, byId.get(idsOfRows[at]?.[i] ?? '')]);
    return { ...row, ...Object.fromEntries(users) };
  });
}

function readId<Row>(row: Row, column: UserColumn<Row>, argument: string): string | undefined {
  if (row === null || typeof row !== 'object')
    throw new UserClientOptionError(argument, 'the row is not an object');
  const id: unknown = typeof column === 'function' ? column(row) : row[column];
  return id === null || id === undefined || id === '' ? undefined : toUserId(id, argument);
}
