import type { User, UserView } from '../user.ts';
import { UserError, userNotFound } from '../user-error.ts';
import type { UserReads } from './user-reads.ts';

/** Which user, how much of it, and how recent at least; `minVersion` 0: any. */
export interface GetUserQuery {
  readonly tenantId: string;
  readonly id: string;
  readonly view: UserView;
  readonly minVersion: bigint;
}

/** One user. Throws UserError USER_NOT_FOUND, VERSION_NOT_REACHED. */
export async function getUser(reads: UserReads, query: GetUserQuery): Promise<User> {
  const user = await reads.find(query.tenantId, query.id, query.view, query.minVersion);
  if (!user) throw userNotFound(query.tenantId, query.id);
  // An id that was merged away answers another user, whose versions are its own.
  if (user.id === query.id) requireVersion(user, query.minVersion);
  return user;
}

/** Throws UserError VERSION_NOT_REACHED where the user is older than the caller has seen it. */
export function requireVersion(user: User, minVersion: bigint): void {
  if (user.version >= minVersion) return;
  const message = `User ${user.id} is at version ${user.version} here; version ${minVersion} was asked for.`;
  const metadata = {
    id: user.id,
    version: String(user.version),
    min_version: String(minVersion),
  };
  throw new UserError('VERSION_NOT_REACHED', message, metadata);
}
