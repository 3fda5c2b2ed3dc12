import { type EditCommand, editUser, requireNotErased } from '../edit-user.ts';
import type { UserWrites } from '../user-writes.ts';
import type { Activity } from './user-records.ts';

/** What a user did. */
export interface RecordActivityCommand extends EditCommand {
  /** UUID to keep it under. */
  readonly activityId: string;
  readonly activity: Activity;
}

/** Keeps an activity. Throws UserError USER_NOT_FOUND, USER_DELETED where the user is erased, REQUEST_ID_REUSED. */
export function recordActivity(writes: UserWrites, command: RecordActivityCommand): Promise<void> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return;
    requireNotErased(user);
    await edit.addActivity(user, command.activityId, command.activity);
  });
}
