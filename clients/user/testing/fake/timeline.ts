// The timeline of a user: notes, reported activities and merges.

import { create, toJsonString } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  CreateNoteRequestSchema,
  DeleteNoteRequestSchema,
  ListNotesRequestSchema,
  ListTimelineRequestSchema,
  NoteSchema,
  type TimelineEntry,
  TimelineEntrySchema,
  type User,
  type UserAdminService,
} from '@rollcall/contract/user';
import type { RunOnce } from './idempotency.ts';
import { requireNotErased, requireReadable, requireUser } from './lifecycle.ts';
import type { MergeRecord } from './model/merge-log.ts';
import { timestampSortKey } from './model/timestamps.ts';
import { newId, type UserStore } from './model/user-store.ts';
import { type PageItem, requestFingerprint, toPage } from './pages.ts';
import { requireStorableText, requireVisibleText } from './writable-fields.ts';

type Calls = Pick<ServiceImpl<typeof UserAdminService>, 'createNote' | 'listNotes' | 'deleteNote'>;

/** Handlers of CreateNote, ListNotes and DeleteNote. */
export function createNoteHandlers(store: UserStore, runOnce: RunOnce): Calls {
  return {
    createNote(request) {
      const { text, author } = request;
      requireVisibleText('text', text);
      requireStorableText('author', author);
      const user = requireUser(store, request);
      requireNotErased(store, user);
      const note = runOnce(CreateNoteRequestSchema, request, () => {
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
        position: [timestampSortKey(note.createTime), note.id] as const,
        bytes: Buffer.byteLength(toJsonString(NoteSchema, note)),
      }));
      const fingerprint = requestFingerprint(ListNotesRequestSchema, {
        ...request,
        id: request.id.toLowerCase(),
      });
      const { items, nextPageToken } = toPage(all, fingerprint, request);
      return { notes: items, nextPageToken };
    },
    deleteNote(request) {
      const user = requireUser(store, request);
      runOnce(DeleteNoteRequestSchema, request, () => store.notes.remove(user, request.noteId.toLowerCase()));
      return {};
    },
  };
}

/** Handler of ListTimeline. The fake has no sign-in events. */
export function createTimelineHandlers(
  store: UserStore,
): Pick<ServiceImpl<typeof UserAdminService>, 'listTimeline'> {
  return {
    listTimeline(request) {
      const user = requireReadable(store, request);
      const fingerprint = requestFingerprint(ListTimelineRequestSchema, {
        ...request,
        id: request.id.toLowerCase(),
      });
      const { items, nextPageToken } = toPage(entriesOf(store, user), fingerprint, request);
      return { entries: items, nextPageToken };
    },
  };
}

function entriesOf({ activities, notes, merges }: UserStore, user: User): PageItem<TimelineEntry>[] {
  return [
    ...activities
      .entriesOf(user)
      .map(([id, { activity, recordTime }]) =>
        toItem({ id, time: activity.time, recordTime }, { case: 'activity', value: activity }),
      ),
    ...notes
      .of(user)
      .map((note) => toItem({ id: note.id, time: note.createTime }, { case: 'note', value: note })),
    ...merges.of(user).flatMap(eventsOf),
  ];
}

// A merge and its undoing are two entries.
function eventsOf({ mergeId, plan, time, undone }: MergeRecord): PageItem<TimelineEntry>[] {
  const event = (isUndone: boolean) => {
    const { survivorId, loserId } = plan;
    return { case: 'merge' as const, value: { mergeId, survivorId, loserId, undone: isUndone } };
  };
  const made = toItem({ id: mergeId, time }, event(false));
  return undone ? [made, toItem(undone, event(true))] : [made];
}

interface EntryTimes {
  readonly id: string;
  readonly time: TimelineEntry['time'];
  /** Absent: the time itself. */
  readonly recordTime?: TimelineEntry['recordTime'];
}

function toItem(
  { id, time, recordTime = time }: EntryTimes,
  entry: NonNullable<Parameters<typeof create<typeof TimelineEntrySchema>>[1]>['entry'],
): PageItem<TimelineEntry> {
  const item = create(TimelineEntrySchema, {
    ...(time && { time }),
    ...(recordTime && { recordTime }),
    ...(entry && { entry }),
  });
  const bytes = Buffer.byteLength(toJsonString(TimelineEntrySchema, item));
  return { item, position: [timestampSortKey(time), id], bytes };
}
