import { type EditCommand, editUser, requireEtag, requireNotErased } from './edit-user.ts';
import type { User } from './user.ts';
import type { UserWrites } from './user-writes.ts';

/** Which user to delete or to undelete. */
export interface LifecycleCommand extends EditCommand {
  /** Refuse where this is no longer the user's etag; empty: whatever it is. */
  readonly etag: string;
}

/** Deletes a user softly; who is deleted stays as it is. Throws UserError USER_NOT_FOUND, ETAG_MISMATCH, REQUEST_ID_REUSED. */
export function deleteUser(writes: UserWrites, command: LifecycleCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireEtag(user, command.etag);
    return user.state === 'DELETED' ? user : edit.delete(user);
  });
}

/**
 * Takes a deletion back; who is not deleted stays as it is. Throws UserError USER_NOT_FOUND, ETAG_MISMATCH, EMAIL_TAKEN,
 * REQUEST_ID_REUSED, and USER_DELETED where the user is erased.
 */
export function undeleteUser(writes: UserWrites, command: LifecycleCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireNotErased(user);
    requireEtag(user, command.etag);
    return user.state === 'DELETED' ? edit.undelete(user) : user;
  });
}

/** Erases a user for good; who is erased stays as it is. Throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED. */
export function eraseUser(writes: UserWrites, command: EditCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) =>
    isRepeat || user.isErased ? user : edit.erase(user),
  );
}
