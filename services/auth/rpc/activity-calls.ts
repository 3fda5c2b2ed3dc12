import { create, type JsonObject, toJsonString } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { isStorable, UNSTORABLE } from '@rollcall/contract/request-content';
import {
  type Activity as ActivityMessage,
  ListTimelineResponseSchema,
  RecordActivityResponseSchema,
  TimelineEntrySchema,
} from '@rollcall/contract/user';
import { invalidField, isTimePosition, requireStorable } from '@rollcall/runtime/rpc';
import { v7 as uuidv7 } from 'uuid';
import { recordActivity } from '../users/records/record-activity.ts';
import { gatherTimeline, type TimelineEntry, timelinePositionOf } from '../users/records/timeline.ts';
import type { Activity } from '../users/records/user-records.ts';
import type { AdminCalls, AdminParts } from './admin-calls.ts';
import { toNoteMessage } from './note-calls.ts';
import { cutPage } from './take-fitting.ts';
import { requireTimestamp } from './timestamp.ts';
import { userPageFrom } from './user-page.ts';
import { writeRequest } from './write-request.ts';

/** The most bytes of an activity's attributes as JSON. Our own choice: a page of 50 fits into one message many times over. */
const MAX_ATTRIBUTES_BYTES = 16 * 1024;

/** RecordActivity, ListTimeline. */
export function activityCalls({
  reads,
  writes,
  timeline,
}: AdminParts): AdminCalls<'recordActivity' | 'listTimeline'> {
  return {
    async recordActivity(request) {
      // Field rules have made sure of it.
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
      const found = await gatherTimeline(timeline, { ...owner, before, limit: limit + 1 });
      const messages = found.map((entry) => ({ entry, message: toEntryMessage(entry) }));
      const cut = cutPage(messages, limit, ({ message }) =>
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
  // Field rules have made sure of it.
  const time = requireTimestamp('activity.time', message.time as NonNullable<ActivityMessage['time']>);
  requireStorable('activity.summary', summary);
  if (attributes) requireKeepable(attributes);
  return { kind, source, time, summary, attributes };
}

function requireKeepable(attributes: JsonObject): void {
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
