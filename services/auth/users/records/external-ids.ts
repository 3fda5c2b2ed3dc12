import { type EditCommand, editUser, requireNotErased } from '../edit-user.ts';
import type { User } from '../user.ts';
import type { UserWrites } from '../user-writes.ts';
import type { ExternalId } from './user-records.ts';

/** A name in another system, to be given or taken away. */
export interface ExternalIdCommand extends EditCommand {
  readonly externalId: ExternalId;
}

/** Gives a user a name in another system. Throws UserError USER_NOT_FOUND, USER_DELETED, EXTERNAL_ID_TAKEN, REQUEST_ID_REUSED. */
export function linkExternalId(writes: UserWrites, command: ExternalIdCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireNotErased(user);
    await edit.link(user, command.externalId);
    return user;
  });
}

/** Takes it away, where the user has it. Throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED. */
export function unlinkExternalId(writes: UserWrites, command: ExternalIdCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (!isRepeat) await edit.unlink(user, command.externalId);
    return user;
  });
}
