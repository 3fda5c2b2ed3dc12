import type { User, UserView } from '../user.ts';
import { userNotFound } from '../user-error.ts';
import { requireVersion } from './get-user.ts';
import type { UserReads } from './user-reads.ts';

/** Which users, how much of each, and what the caller holds already. */
export interface BatchGetUsersQuery {
  readonly tenantId: string;
  /** In lower case; duplicates are allowed. */
  readonly ids: readonly string[];
  readonly view: UserView;
  /** Versions the caller holds, by id. */
  readonly knownVersions: ReadonlyMap<string, bigint>;
  /** Versions of copies that show no ratings, by id: current only where the user has none. */
  readonly knownUnratedVersions: ReadonlyMap<string, bigint>;
  /** Lowest versions the caller accepts, by id. */
  readonly minVersions: ReadonlyMap<string, bigint>;
  /** Throw where a user is missing. */
  readonly requireAll: boolean;
}

/** What became of one id. */
export type UserOutcome =
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unchanged'; readonly version: bigint };

/** One outcome for each id, in order. Throws UserError USER_NOT_FOUND (with `requireAll`), VERSION_NOT_REACHED. */
export async function batchGetUsers(reads: UserReads, query: BatchGetUsersQuery): Promise<UserOutcome[]> {
  const found = await reads.findMany(query.tenantId, query.ids, query.view, query.minVersions);
  return query.ids.map((id, i) => outcomeOf(found[i], id, query));
}

function outcomeOf(user: User | undefined, id: string, query: BatchGetUsersQuery): UserOutcome {
  if (!user) {
    if (query.requireAll) throw userNotFound(query.tenantId, id);
    return { kind: 'missing' };
  }
  // An id that was merged away answers another user, whose versions are its own.
  if (user.id !== id) return { kind: 'user', user };
  requireVersion(user, query.minVersions.get(id) ?? 0n);
  return isKnown(user, query) ? { kind: 'unchanged', version: user.version } : { kind: 'user', user };
}

function isKnown({ id, version, totalReviews }: User, query: BatchGetUsersQuery): boolean {
  if (query.knownVersions.get(id) === version) return true;
  return totalReviews === 0 && query.knownUnratedVersions.get(id) === version;
}
