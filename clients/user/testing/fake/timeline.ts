import { create, toJsonString } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  ListTimelineRequestSchema,
  type TimelineEntry,
  TimelineEntrySchema,
  type User,
  type UserAdminService,
} from '@rollcall/contract/user';
import { requireReadable } from './lifecycle.ts';
import { momentKeyOf, tieOf } from './listing.ts';
import type { MadeMerge } from './model/merge-log.ts';
import type { UserStore } from './model/user-store.ts';
import { type PageItem, pageOf } from './pages.ts';

/** ListTimeline over a store. Nobody signs in here, so it tells of no sign-in. */
export function timelineOf(store: UserStore): Pick<ServiceImpl<typeof UserAdminService>, 'listTimeline'> {
  return {
    listTimeline(request) {
      const user = requireReadable(store, request);
      const tie = tieOf(ListTimelineRequestSchema, { ...request, id: request.id.toLowerCase() });
      const { items, nextPageToken } = pageOf(entriesOf(store, user), tie, request);
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
function eventsOf({ mergeId, plan, time, undone }: MadeMerge): PageItem<TimelineEntry>[] {
  const event = (isUndone: boolean) => {
    const { survivorId, loserId } = plan;
    return { case: 'merge' as const, value: { mergeId, survivorId, loserId, undone: isUndone } };
  };
  const made = toItem({ id: mergeId, time }, event(false));
  return undone ? [made, toItem(undone, event(true))] : [made];
}

interface Told {
  readonly id: string;
  readonly time: TimelineEntry['time'];
  /** Default: as it happened. */
  readonly recordTime?: TimelineEntry['recordTime'];
}

function toItem(
  { id, time, recordTime = time }: Told,
  entry: NonNullable<Parameters<typeof create<typeof TimelineEntrySchema>>[1]>['entry'],
): PageItem<TimelineEntry> {
  const item = create(TimelineEntrySchema, {
    ...(time && { time }),
    ...(recordTime && { recordTime }),
    ...(entry && { entry }),
  });
  const bytes = Buffer.byteLength(toJsonString(TimelineEntrySchema, item));
  return { item, place: [momentKeyOf(time), id], bytes };
}
