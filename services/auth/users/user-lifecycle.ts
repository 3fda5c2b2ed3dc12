import { type EditCommand, editUser, requireEtag, requireNotErased } from './edit-user.ts';
import type { User } from './user.ts';
import type { UserWrites } from './user-writes.ts';

/** Deletes or undeletes a user. */
export interface LifecycleCommand extends EditCommand {
  /** Expected etag of the user; empty accepts any. */
  readonly etag: string;
}

/**
 * Deletes a user, which can be undone. A deleted user stays unchanged.
 * @throws UserError USER_NOT_FOUND, ETAG_MISMATCH, REQUEST_ID_REUSED.
 */
export function deleteUser(writes: UserWrites, command: LifecycleCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireEtag(user, command.etag);
    return user.state === 'DELETED' ? user : edit.delete(user);
  });
}

/**
 * Undoes a deletion. A user that is not deleted stays unchanged.
 * @throws UserError USER_NOT_FOUND, USER_DELETED when erased, ETAG_MISMATCH, EMAIL_TAKEN, REQUEST_ID_REUSED.
 */
export function undeleteUser(writes: UserWrites, command: LifecycleCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireNotErased(user);
    requireEtag(user, command.etag);
    return user.state === 'DELETED' ? edit.undelete(user) : user;
  });
}

/**
 * Erases a user permanently. An erased user stays unchanged.
 * @throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED.
 */
export function eraseUser(writes: UserWrites, command: EditCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) =>
    isRepeat || user.isErased ? user : edit.erase(user),
  );
}
