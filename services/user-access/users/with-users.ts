import type { KnownUser, KnownUserView, Users } from './users.ts';

/** Where a row has the id of a user, null where it has none. */
export type UserIdOf<Row> = (row: Row) => string | null;

/** A row and its users, by the names of the columns; undefined where the row has none there. */
export interface WithUsers<Row, Column extends string> {
  readonly row: Row;
  readonly users: Readonly<Record<Column, KnownUser | undefined>>;
}

/** Whose rows they are, and how much of each user is wanted. */
export interface WithUsersOptions<Row, Column extends string> {
  readonly tenantId: string;
  /** A user column by name: `{ customer: (review) => review.customerId }`. */
  readonly columns: Readonly<Record<Column, UserIdOf<Row>>>;
  readonly signal: AbortSignal;
  /** Default REFERENCE. */
  readonly view?: KnownUserView;
}

/** Puts users beside rows of one tenant: one lookup for all rows and columns, none where no row has a user. */
export async function withUsers<Row, Column extends string>(
  users: Users,
  rows: readonly Row[],
  { tenantId, columns, signal, view }: WithUsersOptions<Row, Column>,
): Promise<WithUsers<Row, Column>[]> {
  const named = Object.entries(columns) as [Column, UserIdOf<Row>][];
  const ids = new Set(rows.flatMap((row) => named.flatMap(([, idOf]) => idOf(row) ?? [])));
  const known = ids.size > 0 ? await users.lookUp(tenantId, [...ids], signal, view) : NOBODY;
  const besideRow = (row: Row) =>
    Object.fromEntries(named.map(([name, idOf]) => [name, known.get(idOf(row) ?? '')])) as Record<
      Column,
      KnownUser | undefined
    >;
  return rows.map((row) => ({ row, users: besideRow(row) }));
}

const NOBODY: ReadonlyMap<string, KnownUser> = new Map();
