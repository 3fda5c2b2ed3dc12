import { create } from '@bufbuild/protobuf';
import { type AttachedUser, AttachedUserOutcome, AttachedUserSchema } from '@rollcall/contract/user';
import type { User } from '@rollcall/user-client';

interface ShownUserData {
  /** The survivor after a merge, whose id then differs. */
  readonly user: User;
  /** True when the user service could not be asked, and the user is from the cache or the snapshot. */
  readonly stale: boolean;
}

/** The result of a lookup of one user id. */
export type ShownUser = { readonly id: string } & (
  | ({ readonly outcome: 'found' } & ShownUserData)
  | ({ readonly outcome: 'deleted' } & ShownUserData)
  | { readonly outcome: 'missing' }
  /** The user service cannot be asked and the user is not cached. `why` is a word for logs and programs. */
  | { readonly outcome: 'unavailable'; readonly why: string }
);

/** The fields of a user: BASIC adds e-mail and phone, and needs a grant of its own. */
export type ShownUserView = 'REFERENCE' | 'BASIC';

/** Looks up the users of a service's rows. */
export interface Users {
  /**
   * Looks up users by id. An outage, a timeout or a refusal of the user service is an outcome of each id.
   * @param ids distinct UUIDs in lower case, at most 10,000; a call of the user service takes 500
   * @param view REFERENCE by default: names, state and ratings, without contact data
   * @throws when `signal` is aborted because the caller left.
   */
  lookUp(
    tenantId: string,
    ids: readonly string[],
    signal: AbortSignal,
    view?: ShownUserView,
  ): Promise<ReadonlyMap<string, ShownUser>>;
}

/** Returns the user id of a row, or null for a row without a user. */
export type UserIdOf<Row> = (row: Row) => string | null;

/** A row and its users by column name; undefined for a column without a user id. */
export interface WithUsers<Row, Column extends string> {
  readonly row: Row;
  readonly users: Readonly<Record<Column, ShownUser | undefined>>;
}

export interface WithUsersOptions<Row, Column extends string> {
  readonly tenantId: string;
  /** The user columns by name: `{ customer: (review) => review.customerId }`. */
  readonly columns: Readonly<Record<Column, UserIdOf<Row>>>;
  readonly signal: AbortSignal;
  /** @defaultValue REFERENCE */
  readonly view?: ShownUserView;
}

/**
 * Adds users to rows of one tenant by one lookup for all rows and columns. Rows without users need no lookup.
 */
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

/** Converts a shown user to its message. */
export function toAttachedUser(known: ShownUser): AttachedUser {
  return create(AttachedUserSchema, {
    id: known.id,
    outcome: OUTCOMES[known.outcome],
    ...('user' in known && { user: known.user, stale: known.stale }),
  });
}
