// Records of users, page by page, and the sources of their timelines.
import type { Pool } from '@rollcall/runtime/postgres';
import type { TimelineEntry, TimelineSource } from '../../users/records/timeline.ts';
import type { Activity, ExternalId, Note, RecordReads } from '../../users/records/user-records.ts';

const EXTERNAL_IDS = {
  name: 'external_ids',
  text: `select source, external_id as "externalId" from user_external_ids
    where tenant_id = $1 and user_id = $2 and ($3::text is null or (source, external_id) > ($3, $4::text))
    order by source, external_id limit $5`,
};

// In reverse order of time and id, after a position.
const newestFirst = (table: string, time: string, columns: string) => `select id, ${columns} from ${table}
  where tenant_id = $1 and user_id = $2 and ($3::timestamptz is null or (${time}, id) < ($3, $4::uuid))
  order by ${time} desc, id desc limit $5`;

const NOTES = {
  name: 'notes',
  text: newestFirst('user_notes', 'create_time', 'text, author, create_time as "createTime"'),
};

const ACTIVITIES = {
  name: 'activities',
  text: newestFirst('user_activities', 'time', 'kind, source, time, summary, attributes'),
};

const SIGN_INS = { name: 'sign_ins', text: newestFirst('sign_ins', 'create_time', 'outcome, create_time') };

/** Reads external ids and notes page by page. */
export function createPostgresRecordReads(pool: Pool): RecordReads {
  return {
    async listExternalIds({ tenantId, userId, after, limit }) {
      const values = [tenantId, userId, after?.source ?? null, after?.externalId ?? null, limit];
      return (await pool.query<ExternalId>({ ...EXTERNAL_IDS, values })).rows;
    },
    async listNotes({ tenantId, userId, before, limit }) {
      const values = [tenantId, userId, before ? new Date(before.timeMs) : null, before?.id ?? null, limit];
      return (await pool.query<Note>({ ...NOTES, values })).rows;
    },
  };
}

/** Timeline entries for the activities that services recorded. */
export function createActivityTimeline(pool: Pool): TimelineSource {
  return createTimeline<Activity & { id: string }>(pool, ACTIVITIES, ({ id, ...row }) => ({
    time: row.time,
    // The id is made when the activity is recorded.
    recordTime: timeOfUuidV7(id),
    id,
    content: { case: 'activity', value: { ...row, attributes: row.attributes ?? undefined } },
  }));
}

/** Timeline entries for the notes about a user. */
export function createNoteTimeline(pool: Pool): TimelineSource {
  return createTimeline<Note>(pool, NOTES, (note) => ({
    time: note.createTime,
    recordTime: note.createTime,
    id: note.id,
    content: { case: 'note', value: note },
  }));
}

/** Timeline entries for the user's own sign-ins, as far back as they are kept. */
export function createSignInTimeline(pool: Pool): TimelineSource {
  type Row = { id: string; outcome: string; create_time: Date };
  return createTimeline<Row>(pool, SIGN_INS, ({ id, outcome, create_time }) => ({
    time: create_time,
    recordTime: create_time,
    id,
    content: { case: 'signIn', value: { succeeded: outcome === 'SUCCEEDED', method: 'password' } },
  }));
}

function createTimeline<Row extends { id: string }>(
  pool: Pool,
  statement: { name: string; text: string },
  toEntry: (row: Row) => TimelineEntry,
): TimelineSource {
  return {
    async find({ tenantId, userId, before, limit }) {
      const values = [tenantId, userId, before ? new Date(before.timeMs) : null, before?.id ?? null, limit];
      return (await pool.query<Row>({ ...statement, values })).rows.map(toEntry);
    },
  };
}

// A UUID of version 7 begins with the milliseconds since 1970 in 48 bits: RFC 9562, section 5.7.
function timeOfUuidV7(id: string): Date {
  return new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
}

interface MergeEntryRow {
  id: string;
  time: Date;
  merge_id: string;
  survivor_id: string;
  loser_id: string;
  undone: boolean;
}

// A merge and its undoing are two entries of the canonical user.
const ENTRIES = {
  name: 'merge_timeline',
  text: `with events as (
      select m.*, e.id, e.time, e.undone from user_merges m, lateral (values
        (m.merge_id, m.create_time, false), (m.undo_id, m.undone_time, true)) as e (id, time, undone)
      where m.tenant_id = $1 and (m.survivor_id = $2 or m.loser_id = $2) and e.id is not null
    )
    select id, time, merge_id, survivor_id, loser_id, undone from events
    where $3::timestamptz is null or (time, id) < ($3, $4::uuid)
    order by time desc, id desc limit $5`,
};

/** Timeline entries for the merges that a user took part in. */
export function createMergeTimeline(pool: Pool): TimelineSource {
  return {
    async find({ tenantId, userId, before, limit }) {
      const values = [tenantId, userId, before ? new Date(before.timeMs) : null, before?.id ?? null, limit];
      const { rows } = await pool.query<MergeEntryRow>({ ...ENTRIES, values });
      return rows.map(
        ({ id, time, merge_id: mergeId, survivor_id: survivorId, loser_id: loserId, undone }) => ({
          time,
          recordTime: time,
          id,
          content: { case: 'merge' as const, value: { mergeId, survivorId, loserId, undone } },
        }),
      );
    },
  };
}
