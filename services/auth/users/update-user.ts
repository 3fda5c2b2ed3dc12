import { etagOf, type User, type UserChanges } from './user.ts';
import { UserError, userDeleted, userNotFound } from './user-error.ts';
import type { UserWrites, WriteRequest } from './user-writes.ts';

/** The change to make. */
export interface UpdateUserCommand {
  readonly tenantId: string;
  readonly id: string;
  readonly changes: UserChanges;
  /** Refuse where this is no longer the user's etag; empty: whatever it is. */
  readonly etag: string;
  /** Absent: a repeat is another update. */
  readonly request?: WriteRequest;
}

/** Changes a user, once per request. Throws UserError USER_NOT_FOUND, ETAG_MISMATCH, USER_DELETED, EMAIL_TAKEN, REQUEST_ID_REUSED. */
export function updateUser(writes: UserWrites, command: UpdateUserCommand): Promise<User> {
  const { tenantId, id, request } = command;
  return writes.update(async (transaction) => {
    const before = request && (await transaction.claim(tenantId, request, id));
    const user = await transaction.lock(tenantId, before ?? id);
    if (!user) throw userNotFound(tenantId, id);
    if (before !== undefined) return user;
    requireEtag(user, command.etag);
    if (user.state === 'DELETED') throw userDeleted(tenantId, user.id);
    return transaction.update(user, command.changes);
  });
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
