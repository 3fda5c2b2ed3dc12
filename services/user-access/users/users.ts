import { create } from '@bufbuild/protobuf';
import { type AttachedUser, AttachedUserOutcome, AttachedUserSchema } from '@rollcall/contract/user';
import type { User } from '@rollcall/user-client';

interface ShownUserData {
  /** After a merge the one that survived, whose id then differs. */
  readonly user: User;
  /** The user service could not be asked, and this is what it said earlier, perhaps to the process before this one. */
  readonly stale: boolean;
}

/** What is known of the user with this id. */
export type ShownUser = { readonly id: string } & (
  | ({ readonly outcome: 'found' } & ShownUserData)
  | ({ readonly outcome: 'deleted' } & ShownUserData)
  | { readonly outcome: 'missing' }
  /** The user service cannot be asked and nothing is known from before. `why`: a word for logs and programs. */
  | { readonly outcome: 'unavailable'; readonly why: string }
);

/** How much of a user: BASIC adds e-mail and phone, and is granted to few. */
export type ShownUserView = 'REFERENCE' | 'BASIC';

/** How a service learns who its users are. */
export interface Users {
  /**
   * What is known of each of these ids, which are distinct UUIDs in lower case and at most 10,000; up to 500 are one call to
   * the user service. Its being away, slow or unwilling is told as an outcome. Rejects where the caller went away, which
   * aborts `signal`.
   * @param view default REFERENCE: names, state and ratings, no contact data.
   */
  lookUp(
    tenantId: string,
    ids: readonly string[],
    signal: AbortSignal,
    view?: ShownUserView,
  ): Promise<ReadonlyMap<string, ShownUser>>;
}

/** Where a row has the id of a user, null where it has none. */
export type UserIdOf<Row> = (row: Row) => string | null;

/** A row and its users, by the names of the columns; undefined where the row has none there. */
export interface WithUsers<Row, Column extends string> {
  readonly row: Row;
  readonly users: Readonly<Record<Column, ShownUser | undefined>>;
}

/** Whose rows they are, and how much of each user is wanted. */
export interface WithUsersOptions<Row, Column extends string> {
  readonly tenantId: string;
  /** A user column by name: `{ customer: (review) => review.customerId }`. */
  readonly columns: Readonly<Record<Column, UserIdOf<Row>>>;
  readonly signal: AbortSignal;
  /** Default REFERENCE. */
  readonly view?: ShownUserView;
}

/** Puts users beside rows of one tenant: one lookup for all rows and columns, none where no row has a user. */
export async function withUsers<Row, Column extends string>(
  users: Users,
  rows: readonly Row[],
  { tenantId, columns, signal, view }: WithUsersOptions<Row, Column>,
): Promise<WithUsers<Row, Column>[]> {
  const named = Object.entries(columns) as [Column, UserIdOf<Row>][];
  const ids = new Set(rows.flatMap((row) => named.flatMap(([, idOf]) => idOf(row) ?? [])));
  const known = ids.size > 0 ? await users.lookUp(tenantId, [...ids], signal, view) : NO_USERS;
  const besideRow = (row: Row) =>
    Object.fromEntries(named.map(([name, idOf]) => [name, known.get(idOf(row) ?? '')])) as Record<
      Column,
      ShownUser | undefined
    >;
  return rows.map((row) => ({ row, users: besideRow(row) }));
}

const NO_USERS: ReadonlyMap<string, ShownUser> = new Map();

const OUTCOMES = {
  found: AttachedUserOutcome.FOUND,
  deleted: AttachedUserOutcome.DELETED,
  missing: AttachedUserOutcome.MISSING,
  unavailable: AttachedUserOutcome.UNAVAILABLE,
} as const satisfies Record<ShownUser['outcome'], AttachedUserOutcome>;

/** What is known of a user as it stands beside something of another service on the wire. */
export function toAttachedUser(known: ShownUser): AttachedUser {
  return create(AttachedUserSchema, {
    id: known.id,
    outcome: OUTCOMES[known.outcome],
    ...('user' in known && { user: known.user, stale: known.stale }),
  });
}
