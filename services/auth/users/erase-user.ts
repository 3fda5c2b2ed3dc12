import { type EditCommand, editUser } from './edit-user.ts';
import type { User } from './user.ts';
import type { UserWrites } from './user-writes.ts';

/** Erases a user for good; who is erased stays as it is. Throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED. */
export function eraseUser(writes: UserWrites, command: EditCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) =>
    isRepeat || user.isErased ? user : edit.erase(user),
  );
}
