import { create, toJsonString } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  CreateNoteResponseSchema,
  DeleteNoteResponseSchema,
  ListNotesResponseSchema,
  NoteSchema,
} from '@rollcall/contract/user';
import { isTimePosition, requireStorable, requireVisible } from '@rollcall/runtime/rpc';
import { v7 as uuidv7 } from 'uuid';
import { createNote, deleteNote } from '../users/records/notes.ts';
import type { Note } from '../users/records/user-records.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { cutPage } from './take-fitting.ts';
import { userPageFrom } from './user-page.ts';
import { writeRequest } from './write-request.ts';

/** CreateNote, ListNotes, DeleteNote. */
export function noteCalls({
  reads,
  writes,
  records,
}: AdminParts): AdminCalls<'createNote' | 'listNotes' | 'deleteNote'> {
  return {
    async createNote(request) {
      const { tenantId, text, author } = request;
      requireVisible('text', text);
      requireStorable('author', author);
      const owner = { tenantId, id: request.id.toLowerCase() };
      const write = writeRequest('CreateNote', request, { ...owner, text, author });
      // A repeat finds the note by its request.
      const note = { id: write.request?.id ?? uuidv7(), text, author, createTime: new Date() };
      const kept = await createNote(writes, { ...owner, note, ...write });
      return create(CreateNoteResponseSchema, { note: toNoteMessage(kept) });
    },
    async listNotes(request) {
      const asked = await userPageFrom(reads, request, { method: 'ListNotes', isPosition: isTimePosition });
      const { owner, position: before, limit, tokens } = asked;
      const found = await records.listNotes({ ...owner, before, limit: limit + 1 });
      const { page, last } = cutPage(found.map(toNoteMessage), limit, (note) =>
        Buffer.byteLength(toJsonString(NoteSchema, note)),
      );
      const end = last && found.find((note) => note.id === last.id);
      return create(ListNotesResponseSchema, {
        notes: page,
        nextPageToken: end ? tokens.write({ timeMs: end.createTime.getTime(), id: end.id }) : '',
      });
    },
    async deleteNote(request) {
      const owner = { tenantId: request.tenantId, id: request.id.toLowerCase() };
      const command = { ...owner, noteId: request.noteId.toLowerCase() };
      await deleteNote(writes, { ...command, ...writeRequest('DeleteNote', request, command) });
      return create(DeleteNoteResponseSchema);
    },
  };
}

/** A note as it goes over the wire. */
export function toNoteMessage({ id, text, author, createTime }: Note) {
  return create(NoteSchema, { id, text, author, createTime: timestampFromDate(createTime) });
}
