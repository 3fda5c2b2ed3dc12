import { etagOf, type User } from './user.ts';
import { UserError, userDeleted, userNotFound } from './user-error.ts';
import type { LockedUser, UserEdit, UserWrites, WriteRequest } from './user-writes.ts';

/** Which user to do something to. */
export interface EditCommand {
  readonly tenantId: string;
  readonly id: string;
  /** Absent: a repeat does it again. */
  readonly request?: WriteRequest;
}

/** What a command works with. */
export interface EditContext {
  readonly edit: UserEdit;
  readonly user: LockedUser;
  /** Whether this very request was done before. */
  readonly isRepeat: boolean;
}

/** The frame of every command on one user: noted, locked, then done. Throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED. */
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

/** Throws UserError USER_DELETED where the user is erased: nothing may come to a tombstone. */
export function requireNotErased({ tenantId, id, isErased }: LockedUser): void {
  if (isErased) throw userDeleted(tenantId, id, true);
}

/** Throws UserError ETAG_MISMATCH where an etag was given that is no longer the user's. */
export function requireEtag(user: User, etag: string): void {
  if (etag === '' || etag === etagOf(user.version)) return;
  throw new UserError('ETAG_MISMATCH', `User ${user.id} has changed since etag ${etag}; read it again.`, {
    id: user.id,
    etag,
    current_etag: etagOf(user.version),
  });
}
