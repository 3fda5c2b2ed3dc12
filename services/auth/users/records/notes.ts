import { type EditCommand, editUser, requireNotErased } from '../edit-user.ts';
import type { UserWrites } from '../user-writes.ts';
import type { Note } from './user-records.ts';

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
