import { type EditCommand, editUser } from './edit-user.ts';
import { requireEtag } from './update-user.ts';
import type { User } from './user.ts';
import type { UserWrites } from './user-writes.ts';

/** The deletion. */
export interface DeleteUserCommand extends EditCommand {
  /** Refuse where this is no longer the user's etag; empty: whatever it is. */
  readonly etag: string;
}

/** Deletes a user softly; who is deleted stays as it is. Throws UserError USER_NOT_FOUND, ETAG_MISMATCH, REQUEST_ID_REUSED. */
export function deleteUser(writes: UserWrites, command: DeleteUserCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireEtag(user, command.etag);
    return user.state === 'DELETED' ? user : edit.delete(user);
  });
}
