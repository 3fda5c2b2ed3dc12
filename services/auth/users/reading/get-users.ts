import type { ExternalId } from '../records/user-records.ts';
import { emailKey, type User, type UserView } from '../user.ts';
import { UserError, userNotFound } from '../user-error.ts';
import { externalKey, type UserReads } from './user-reads.ts';

/** The user to read, the view, and the lowest acceptable version; 0 accepts any. */
interface GetUserQuery {
  readonly tenantId: string;
  readonly id: string;
  readonly view: UserView;
  readonly minVersion: bigint;
}

/**
 * Reads one user.
 * @throws UserError USER_NOT_FOUND, VERSION_NOT_REACHED.
 */
export async function getUser(reads: UserReads, query: GetUserQuery): Promise<User> {
  const user = await reads.find(query.tenantId, query.id, query.view, query.minVersion);
  if (!user) throw userNotFound(query.tenantId, query.id);
  // The id of a merged user returns its survivor, which has versions of its own.
  if (user.id === query.id) requireVersion(user, query.minVersion);
  return user;
}

/**
 * Requires that the user is at least at a version.
 * @throws UserError VERSION_NOT_REACHED.
 */
function requireVersion(user: User, minVersion: bigint): void {
  if (user.version >= minVersion) return;
  const message = `User ${user.id} is at version ${user.version} here; version ${minVersion} was asked for.`;
  const metadata = {
    id: user.id,
    version: String(user.version),
    min_version: String(minVersion),
  };
  throw new UserError('VERSION_NOT_REACHED', message, metadata);
}

/** The users to read, the view, and the versions that the caller has. */
interface BatchGetUsersQuery {
  readonly tenantId: string;
  /** In lower case. Duplicates are allowed. */
  readonly ids: readonly string[];
  readonly view: UserView;
  /** Versions that the caller holds, by id. */
  readonly knownVersions: ReadonlyMap<string, bigint>;
  /** Versions of copies without ratings, by id. They are current only if the user has no ratings. */
  readonly knownUnratedVersions: ReadonlyMap<string, bigint>;
  /** Lowest versions that the caller accepts, by id. */
  readonly minVersions: ReadonlyMap<string, bigint>;
  /** Throw when a user is missing. */
  readonly requireAll: boolean;
}

/** The outcome for one id. */
export type UserOutcome =
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unchanged'; readonly version: bigint };

/**
 * Reads many users, with one outcome for each id, in order.
 * @throws UserError USER_NOT_FOUND (with `requireAll`), VERSION_NOT_REACHED.
 */
export async function batchGetUsers(reads: UserReads, query: BatchGetUsersQuery): Promise<UserOutcome[]> {
  const found = await reads.findMany(query.tenantId, query.ids, query.view, query.minVersions);
  return query.ids.map((id, i) => outcomeOf(found[i], id, query));
}

function outcomeOf(user: User | undefined, id: string, query: BatchGetUsersQuery): UserOutcome {
  if (!user) {
    if (query.requireAll) throw userNotFound(query.tenantId, id);
    return { kind: 'missing' };
  }
  if (user.id !== id) return { kind: 'user', user };
  requireVersion(user, query.minVersions.get(id) ?? 0n);
  return isKnown(user, query) ? { kind: 'unchanged', version: user.version } : { kind: 'user', user };
}

function isKnown({ id, version, totalReviews }: User, query: BatchGetUsersQuery): boolean {
  if (query.knownVersions.get(id) === version) return true;
  return totalReviews === 0 && query.knownUnratedVersions.get(id) === version;
}

/** A key that identifies one user. */
export type ResolveKey = { readonly email: string } | { readonly external: ExternalId };

/** The keys to resolve, and the view. */
interface ResolveUsersQuery {
  readonly tenantId: string;
  readonly keys: readonly ResolveKey[];
  readonly view: UserView;
}

/** Finds users by e-mail address or external id, one for each key, in order; undefined when not found. */
export async function resolveUsers(
  reads: UserReads,
  { tenantId, keys, view }: ResolveUsersQuery,
): Promise<(User | undefined)[]> {
  const emails = keys.flatMap((key) => ('email' in key ? (emailKey(key.email) ?? []) : []));
  const externals = keys.flatMap((key) => ('external' in key ? [key.external] : []));
  const [byEmail, byExternalId] = await Promise.all([
    emails.length > 0 ? reads.findByEmailKeys(tenantId, [...new Set(emails)], view) : NOBODY,
    externals.length > 0 ? reads.findByExternalIds(tenantId, externals, view) : NOBODY,
  ]);
  return keys.map((key) =>
    'email' in key ? byEmail.get(emailKey(key.email) ?? '') : byExternalId.get(externalKey(key.external)),
  );
}

const NOBODY: ReadonlyMap<string, User> = new Map();
