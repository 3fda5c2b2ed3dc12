import { type EditCommand, editUser } from './edit-user.ts';
import type { User } from './user.ts';
import { userDeleted } from './user-error.ts';
import type { UserWrites } from './user-writes.ts';

/** Tags to take away, then tags to add. */
export interface ModifyTagsCommand extends EditCommand {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Changes a user's tags. Throws UserError USER_NOT_FOUND, USER_DELETED, PROFILE_TOO_LARGE, REQUEST_ID_REUSED. */
export function modifyTags(writes: UserWrites, command: ModifyTagsCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    if (user.state === 'DELETED') throw userDeleted(user.tenantId, user.id, user.isErased);
    const kept = (user.tags ?? []).filter((tag) => !command.remove.includes(tag));
    return edit.update(user, { tags: [...new Set([...kept, ...command.add])] });
  });
}
