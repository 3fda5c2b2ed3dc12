import { etagOf, type User } from './user.ts';
import { UserError, userDeleted, userNotFound } from './user-error.ts';
import type { LockedUser, UserEdit, UserWrites, WriteRequest } from './user-writes.ts';

/** A command on one user. */
export interface EditCommand {
  readonly tenantId: string;
  readonly id: string;
  /** Without it a repetition is another write. */
  readonly request?: WriteRequest;
}

/** The arguments of the function that does the work of a command. */
export interface EditContext {
  readonly edit: UserEdit;
  readonly user: LockedUser;
  /** Whether this request was done before. */
  readonly isRepeat: boolean;
}

/**
 * Runs a command on one locked user, and recognizes a repeated request.
 * @throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED.
 */
export function editUser<T>(
  writes: UserWrites,
  { tenantId, id, request }: EditCommand,
  work: (context: EditContext) => Promise<T>,
): Promise<T> {
  return writes.edit(async (edit) => {
    const before = request && (await edit.claim(tenantId, request, id));
    const user = await edit.lock(tenantId, before ?? id);
    if (!user) throw userNotFound(tenantId, id);
    return work({ edit, user, isRepeat: before !== undefined });
  });
}

/**
 * Requires that the user is not erased.
 * @throws UserError USER_DELETED.
 */
export function requireNotErased({ tenantId, id, isErased }: LockedUser): void {
  if (isErased) throw userDeleted(tenantId, id, true);
}

/**
 * Requires that a given etag is the user's present one; an empty etag always passes.
 * @throws UserError ETAG_MISMATCH.
 */
export function requireEtag(user: User, etag: string): void {
  if (etag === '' || etag === etagOf(user.version)) return;
  throw new UserError('ETAG_MISMATCH', `User ${user.id} has changed since etag ${etag}; read it again.`, {
    id: user.id,
    etag,
    current_etag: etagOf(user.version),
  });
}
