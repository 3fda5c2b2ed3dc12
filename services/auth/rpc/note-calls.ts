import { create, toJsonString } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  CreateNoteResponseSchema,
  DeleteNoteResponseSchema,
  ListNotesResponseSchema,
  NoteSchema,
} from '@rollcall/contract/user';
import { isStorable, UNSTORABLE } from '@rollcall/runtime';
import { invalidField, isTimePosition, pageTokens } from '@rollcall/runtime/rpc';
import { v7 as uuidv7 } from 'uuid';
import { getUser } from '../users/get-user.ts';
import { createNote, deleteNote } from '../users/notes.ts';
import type { Note } from '../users/user-records.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { cutPage, pageLimit } from './take-fitting.ts';
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
      if (!isStorable(text)) throw invalidField('text', UNSTORABLE);
      if (!isStorable(author)) throw invalidField('author', UNSTORABLE);
      const owner = { tenantId, id: request.id.toLowerCase() };
      const write = writeRequest('CreateNote', request, { ...owner, text, author });
      // A repeat finds the note by its request.
      const note = { id: write.request?.id ?? uuidv7(), text, author, createTime: new Date() };
      const kept = await createNote(writes, { ...owner, note, ...write });
      return create(CreateNoteResponseSchema, { note: toNoteMessage(kept) });
    },
    async listNotes(request) {
      const { tenantId } = request;
      const id = request.id.toLowerCase();
      const tokens = pageTokens(['ListNotes', tenantId, id], isTimePosition);
      const before = tokens.read(request.pageToken);
      const limit = pageLimit(request);
      const user = await getUser(reads, { tenantId, id, view: 'REFERENCE', minVersion: 0n });
      const found = await records.listNotes({ tenantId, userId: user.id, before, limit: limit + 1 });
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
