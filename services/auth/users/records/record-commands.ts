import { type EditCommand, editUser, requireNotErased } from '../edit-user.ts';
import type { SourceStatistics } from '../statistics.ts';
import type { User } from '../user.ts';
import type { UserWrites } from '../user-writes.ts';
import type { Activity, ExternalId, Note } from './user-records.ts';

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

/** The note to keep. */
export interface CreateNoteCommand extends EditCommand {
  readonly note: Note;
}

/**
 * Keeps a note. A repeat answers it as it was made, and does not bring it back where it was removed since.
 * Throws UserError USER_NOT_FOUND, USER_DELETED where the user is erased, REQUEST_ID_REUSED.
 */
export function createNote(writes: UserWrites, command: CreateNoteCommand): Promise<Note> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    requireNotErased(user);
    if (isRepeat) return (await edit.findNote(user, command.note.id)) ?? command.note;
    await edit.addNote(user, command.note);
    return command.note;
  });
}

/** The note to remove. */
export interface DeleteNoteCommand extends EditCommand {
  readonly noteId: string;
}

/** Removes a note of the user, where there is one. Throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED. */
export function deleteNote(writes: UserWrites, command: DeleteNoteCommand): Promise<void> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (!isRepeat) await edit.removeNote(user, command.noteId);
  });
}

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

/** What a service tells. */
export interface RecordStatisticsCommand extends EditCommand {
  readonly statistics: SourceStatistics;
}

/** Keeps a service's figures. Throws UserError USER_NOT_FOUND, USER_DELETED where the user is erased, REQUEST_ID_REUSED. */
export function recordStatistics(writes: UserWrites, command: RecordStatisticsCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireNotErased(user);
    return edit.putStatistics(user, command.statistics);
  });
}
