import { type EditCommand, editUser, requireNotErased } from './edit-user.ts';
import { requireEtag } from './update-user.ts';
import type { User } from './user.ts';
import type { UserWrites } from './user-writes.ts';

/** The end of a deletion. */
export interface UndeleteUserCommand extends EditCommand {
  /** Refuse where this is no longer the user's etag; empty: whatever it is. */
  readonly etag: string;
}

/**
 * Takes a deletion back; who is not deleted stays as it is. Throws UserError USER_NOT_FOUND, ETAG_MISMATCH, EMAIL_TAKEN,
 * REQUEST_ID_REUSED, and USER_DELETED where the user is erased.
 */
export function undeleteUser(writes: UserWrites, command: UndeleteUserCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireNotErased(user);
    requireEtag(user, command.etag);
    return user.state === 'DELETED' ? edit.undelete(user) : user;
  });
}
