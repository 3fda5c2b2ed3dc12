import type { SourceStatistics } from '../statistics.ts';
import type { User } from '../user.ts';
import { type EditCommand, editUser, requireNotErased } from '../user-commands.ts';
import type { UserWrites } from '../user-writes.ts';
import type { Activity, ExternalId, Note } from './user-records.ts';

/** Links an external id to a user or unlinks it. */
interface ExternalIdCommand extends EditCommand {
  readonly externalId: ExternalId;
}

/**
 * Links an external id to a user.
 * @throws UserError USER_NOT_FOUND, USER_DELETED when erased, EXTERNAL_ID_TAKEN, REQUEST_ID_REUSED.
 */
export function linkExternalId(writes: UserWrites, command: ExternalIdCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireNotErased(user);
    await edit.link(user, command.externalId);
    return user;
  });
}

/**
 * Unlinks an external id, if the user has it.
 * @throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED.
 */
export function unlinkExternalId(writes: UserWrites, command: ExternalIdCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (!isRepeat) await edit.unlink(user, command.externalId);
    return user;
  });
}

interface CreateNoteCommand extends EditCommand {
  readonly note: Note;
}

/**
 * Creates a note. A repetition returns the note as it was created, and does not restore a deleted one.
 * @throws UserError USER_NOT_FOUND, USER_DELETED when erased, REQUEST_ID_REUSED.
 */
export function createNote(writes: UserWrites, command: CreateNoteCommand): Promise<Note> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    requireNotErased(user);
    if (isRepeat) return (await edit.findNote(user, command.note.id)) ?? command.note;
    await edit.addNote(user, command.note);
    return command.note;
  });
}

interface DeleteNoteCommand extends EditCommand {
  readonly noteId: string;
}

/**
 * Deletes a note of the user, if it exists.
 * @throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED.
 */
export function deleteNote(writes: UserWrites, command: DeleteNoteCommand): Promise<void> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (!isRepeat) await edit.removeNote(user, command.noteId);
  });
}

interface RecordActivityCommand extends EditCommand {
  /** UUID under which the activity is stored. */
  readonly activityId: string;
  readonly activity: Activity;
}

/**
 * Records an activity.
 * @throws UserError USER_NOT_FOUND, USER_DELETED when erased, REQUEST_ID_REUSED.
 */
export function recordActivity(writes: UserWrites, command: RecordActivityCommand): Promise<void> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return;
    requireNotErased(user);
    await edit.addActivity(user, command.activityId, command.activity);
  });
}

interface RecordStatisticsCommand extends EditCommand {
  readonly statistics: SourceStatistics;
}

/**
 * Stores the statistics that a service reports.
 * @throws UserError USER_NOT_FOUND, USER_DELETED when erased, REQUEST_ID_REUSED.
 */
export function recordStatistics(writes: UserWrites, command: RecordStatisticsCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireNotErased(user);
    return edit.putStatistics(user, command.statistics);
  });
}
