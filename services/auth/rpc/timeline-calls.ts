// Calls for the timeline, and for the activities and notes in it.
import { create, type JsonObject, toJsonString } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { isStorable, UNSTORABLE } from '@rollcall/contract/request-content';
import {
  type Activity as ActivityMessage,
  CreateNoteResponseSchema,
  DeleteNoteResponseSchema,
  ListNotesResponseSchema,
  ListTimelineResponseSchema,
  NoteSchema,
  RecordActivityResponseSchema,
  TimelineEntrySchema,
} from '@rollcall/contract/user';
import { invalidField, isTimePosition, requireStorable, requireVisible } from '@rollcall/runtime/rpc';
import { v7 as uuidv7 } from 'uuid';
import { createNote, deleteNote, recordActivity } from '../users/records/record-commands.ts';
import { listTimeline, type TimelineEntry, timelinePositionOf } from '../users/records/timeline.ts';
import type { Activity, Note } from '../users/records/user-records.ts';
import type { AdminCalls, AdminDependencies } from './admin-calls.ts';
import { toPage, userPageFrom } from './page.ts';
import { requireTimestamp, writeRequest } from './request-fields.ts';

/** Maximum size of an activity's attributes as JSON. Bytes. A message holds a page of 50 many times over. */
const MAX_ATTRIBUTES_BYTES = 16 * 1024;

/** Implements RecordActivity and ListTimeline. */
export function activityCalls({
  reads,
  writes,
  timeline,
}: AdminDependencies): AdminCalls<'recordActivity' | 'listTimeline'> {
  return {
    async recordActivity(request) {
      // Field rules require it.
      const activity = activityFromMessage(request.activity as ActivityMessage);
      const owner = { tenantId: request.tenantId, id: request.id.toLowerCase() };
      const write = writeRequest('RecordActivity', request, { ...owner, activity });
      await recordActivity(writes, { ...owner, activityId: uuidv7(), activity, ...write });
      return create(RecordActivityResponseSchema);
    },
    async listTimeline(request) {
      const asked = await userPageFrom(reads, request, {
        method: 'ListTimeline',
        isPosition: isTimePosition,
      });
      const { owner, position: before, limit, tokens } = asked;
      const found = await listTimeline(timeline, { ...owner, before, limit: limit + 1 });
      const messages = found.map((entry) => ({ entry, message: toEntryMessage(entry) }));
      const cut = toPage(messages, limit, ({ message }) =>
        Buffer.byteLength(toJsonString(TimelineEntrySchema, message)),
      );
      return create(ListTimelineResponseSchema, {
        entries: cut.page.map(({ message }) => message),
        nextPageToken: cut.last ? tokens.write(timelinePositionOf(cut.last.entry)) : '',
      });
    },
  };
}

function activityFromMessage(message: ActivityMessage): Activity {
  const { kind, source, summary, attributes } = message;
  // Field rules require it.
  const time = requireTimestamp('activity.time', message.time as NonNullable<ActivityMessage['time']>);
  requireStorable('activity.summary', summary);
  if (attributes) requireStorableAttributes(attributes);
  return { kind, source, time, summary, attributes };
}

function requireStorableAttributes(attributes: JsonObject): void {
  const text = JSON.stringify(attributes, (key, value) => {
    const texts = typeof value === 'string' ? [key, value] : [key];
    if (!texts.every(isStorable)) throw invalidField('activity.attributes', UNSTORABLE);
    return value;
  });
  if (Buffer.byteLength(text) <= MAX_ATTRIBUTES_BYTES) return;
  throw invalidField('activity.attributes', `must not take more than ${MAX_ATTRIBUTES_BYTES} bytes as JSON`);
}

function toEntryMessage({ time, recordTime, content }: TimelineEntry) {
  return create(TimelineEntrySchema, {
    time: timestampFromDate(time),
    recordTime: timestampFromDate(recordTime),
    entry: toContent(content),
  });
}

function toContent(content: TimelineEntry['content']) {
  switch (content.case) {
    case 'activity': {
      const { time, attributes, ...rest } = content.value;
      const kept = attributes && { attributes: attributes as JsonObject };
      return { case: 'activity' as const, value: { ...rest, time: timestampFromDate(time), ...kept } };
    }
    case 'note':
      return { case: 'note' as const, value: toNoteMessage(content.value) };
    default:
      return content;
  }
}

/** Implements CreateNote, ListNotes and DeleteNote. */
export function noteCalls({
  reads,
  writes,
  records,
}: AdminDependencies): AdminCalls<'createNote' | 'listNotes' | 'deleteNote'> {
  return {
    async createNote(request) {
      const { tenantId, text, author } = request;
      requireVisible('text', text);
      requireStorable('author', author);
      const owner = { tenantId, id: request.id.toLowerCase() };
      const write = writeRequest('CreateNote', request, { ...owner, text, author });
      // A repetition finds the note by its request id.
      const note = { id: write.request?.id ?? uuidv7(), text, author, createTime: new Date() };
      const kept = await createNote(writes, { ...owner, note, ...write });
      return create(CreateNoteResponseSchema, { note: toNoteMessage(kept) });
    },
    async listNotes(request) {
      const asked = await userPageFrom(reads, request, { method: 'ListNotes', isPosition: isTimePosition });
      const { owner, position: before, limit, tokens } = asked;
      const found = await records.listNotes({ ...owner, before, limit: limit + 1 });
      const { page, last } = toPage(found.map(toNoteMessage), limit, (note) =>
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

/** The message of a note. */
function toNoteMessage({ id, text, author, createTime }: Note) {
  return create(NoteSchema, { id, text, author, createTime: timestampFromDate(createTime) });
}
