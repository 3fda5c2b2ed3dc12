import { type EditCommand, editUser, requireNotErased } from './edit-user.ts';
import type { SourceStatistics } from './statistics.ts';
import type { User } from './user.ts';
import type { UserWrites } from './user-writes.ts';

/** What a service tells. */
export interface RecordStatisticsCommand extends EditCommand {
  readonly told: SourceStatistics;
}

/** Keeps a service's figures. Throws UserError USER_NOT_FOUND, USER_DELETED where the user is erased, REQUEST_ID_REUSED. */
export function recordStatistics(writes: UserWrites, command: RecordStatisticsCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireNotErased(user);
    return edit.putStatistics(user, command.told);
  });
}
