import { create, toJsonString } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  CreateNoteRequestSchema,
  DeleteNoteRequestSchema,
  ListNotesRequestSchema,
  NoteSchema,
  type UserAdminService,
} from '@rollcall/contract/user';
import type { Remember } from './idempotency.ts';
import { requireNotErased, requireReadable, requireUser } from './lifecycle.ts';
import { momentKeyOf, tieOf } from './listing.ts';
import { newId } from './model/new-id.ts';
import type { UserStore } from './model/user-store.ts';
import { pageOf } from './pages.ts';
import { requireStorableText, requireVisibleText } from './user-fields.ts';

type Calls = Pick<ServiceImpl<typeof UserAdminService>, 'createNote' | 'listNotes' | 'deleteNote'>;

/** CreateNote, ListNotes and DeleteNote over a store. */
export function notesOf(store: UserStore, remember: Remember): Calls {
  return {
    createNote(request) {
      const { text, author } = request;
      requireVisibleText('text', text);
      requireStorableText('author', author);
      const user = requireUser(store, request);
      requireNotErased(store, user);
      const note = remember(CreateNoteRequestSchema, request, () => {
        const made = create(NoteSchema, { id: newId(), text, author, createTime: store.now() });
        store.notes.put(user, made.id, made);
        return made;
      });
      return { note };
    },
    listNotes(request) {
      const user = requireReadable(store, request);
      const all = store.notes.of(user).map((note) => ({
        item: note,
        place: [momentKeyOf(note.createTime), note.id] as const,
        bytes: Buffer.byteLength(toJsonString(NoteSchema, note)),
      }));
      const tie = tieOf(ListNotesRequestSchema, { ...request, id: request.id.toLowerCase() });
      const { items, nextPageToken } = pageOf(all, tie, request);
      return { notes: items, nextPageToken };
    },
    deleteNote(request) {
      const user = requireUser(store, request);
      remember(DeleteNoteRequestSchema, request, () =>
        store.notes.remove(user, request.noteId.toLowerCase()),
      );
      return {};
    },
  };
}
