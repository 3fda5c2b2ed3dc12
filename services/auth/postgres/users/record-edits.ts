import { isDeepStrictEqual } from 'node:util';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { Note } from '../../users/records/user-records.ts';
import { type SourceStatistics, sumRatings, sumStatistics } from '../../users/statistics.ts';
import type { User } from '../../users/user.ts';
import { touchedBetween } from '../../users/user-change.ts';
import { UserError } from '../../users/user-error.ts';
import type { RecordEdits, StatisticsEdits } from '../../users/user-writes.ts';
import { changeInsert } from '../feed/change-insert.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import {
  mergeGroupOf,
  STATISTICS_JSON,
  type StatisticsJson,
  statisticsFromJson,
} from '../rows/user-from-row.ts';
import { readUser } from './user-transaction.ts';

// Returns the owner, whether the row existed or not, and locks the row until the end.
const LINK = {
  name: 'external_id_link',
  text: `insert into user_external_ids (tenant_id, user_id, source, external_id) values ($1, $2, $3, $4)
    on conflict (tenant_id, source, external_id) do update set source = excluded.source returning user_id`,
};

const UNLINK = {
  name: 'external_id_unlink',
  text: 'delete from user_external_ids where tenant_id = $1 and user_id = $2 and source = $3 and external_id = $4',
};

const ADD_NOTE = {
  name: 'note_add',
  text: `insert into user_notes (tenant_id, user_id, id, text, author, create_time) values ($1, $2, $3, $4, $5, $6)`,
};

const FIND_NOTE = {
  name: 'note_find',
  text: `select id, text, author, create_time as "createTime" from user_notes
    where tenant_id = $1 and user_id = $2 and id = $3`,
};

const REMOVE_NOTE = {
  name: 'note_remove',
  text: 'delete from user_notes where tenant_id = $1 and user_id = $2 and id = $3',
};

const ADD_ACTIVITY = {
  name: 'activity_add',
  text: `insert into user_activities (tenant_id, user_id, id, kind, source, time, summary, attributes)
    values ($1, $2, $3, $4, $5, $6, $7, $8)`,
};

/** Links, notes and activities of locked users. */
export function recordEdits(run: RunPrepared): RecordEdits {
  return {
    async link({ tenantId, id }, { source, externalId }) {
      const [kept] = await run<{ user_id: string }>(LINK, [tenantId, id, source, externalId]);
      if (kept?.user_id === id) return;
      const message = `Another user of tenant ${tenantId} has this name in ${source}.`;
      throw new UserError('EXTERNAL_ID_TAKEN', message, { tenant_id: tenantId, source });
    },
    async unlink({ tenantId, id }, { source, externalId }) {
      await run(UNLINK, [tenantId, id, source, externalId]);
    },
    async addNote({ tenantId, id }, note) {
      await run(ADD_NOTE, [tenantId, id, note.id, note.text, note.author, note.createTime]);
    },
    async findNote({ tenantId, id }, noteId) {
      const [note] = await run<{ [K in keyof Note]: Note[K] }>(FIND_NOTE, [tenantId, id, noteId]);
      return note;
    },
    async removeNote({ tenantId, id }, noteId) {
      await run(REMOVE_NOTE, [tenantId, id, noteId]);
    },
    async addActivity({ tenantId, id }, activityId, activity) {
      const { kind, source, time, summary, attributes } = activity;
      const kept = attributes === undefined ? null : JSON.stringify(attributes);
      await run(ADD_ACTIVITY, [tenantId, id, activityId, kind, source, time, summary, kept]);
    },
  };
}

const PUT = {
  name: 'statistics_put',
  text: `insert into user_statistics (tenant_id, user_id, source, revision, total_bookings, total_spent, first_booking_time,
      last_booking_time, last_activity_time, average_rating, total_reviews)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (tenant_id, user_id, source) do update set revision = excluded.revision,
      total_bookings = excluded.total_bookings, total_spent = excluded.total_spent,
      first_booking_time = excluded.first_booking_time, last_booking_time = excluded.last_booking_time,
      last_activity_time = excluded.last_activity_time, average_rating = excluded.average_rating,
      total_reviews = excluded.total_reviews
    where excluded.revision >= user_statistics.revision`,
};

const SOURCES = {
  name: 'statistics_sources',
  text: `select ${STATISTICS_JSON} as reported from user_statistics
    where tenant_id = $1 and user_id = any(${mergeGroupOf('$1', '$2::uuid')}) order by source`,
};

const CHANGE = {
  name: 'statistics_change',
  text: `with changed as (
      update users set version = version + 1, update_time = $3, average_rating = $4, total_reviews = $5,
        last_activity_time = $6
      where tenant_id = $1 and id = $2 returning tenant_id, id, version, update_time
    )
    ${changeInsert({ kind: `'UPDATED'`, contentView: '$7::text', figuresView: '$8::text' })}`,
};

/** Statistics that services report for locked users. */
export function statisticsEdits(run: RunPrepared, seal: ContactSeal): StatisticsEdits {
  return {
    async putStatistics(user, reported) {
      await run(PUT, [user.tenantId, user.askedId, ...toValues(reported)]);
      const rows = await run<{ reported: StatisticsJson }>(SOURCES, [user.tenantId, user.id]);
      const sources = rows.map((row) => statisticsFromJson(row.reported));
      const [statistics, ratings] = [sumStatistics(sources), sumRatings(sources)];
      if (
        isDeepStrictEqual(
          [statistics, ratings],
          [user.statistics, { averageRating: user.averageRating, totalReviews: user.totalReviews }],
        )
      )
        return user;
      const { averageRating, totalReviews } = ratings;
      const touched = touchedBetween(user, { ...user, ...ratings, statistics });
      await run(CHANGE, [
        ...[user.tenantId, user.id, new Date(), averageRating, totalReviews],
        ...[statistics?.lastActivityTime, touched.content, touched.figures],
      ]);
      return (await readUser(run, user, seal)) as User;
    },
  };
}

function toValues(reported: SourceStatistics): unknown[] {
  const spent = reported.totalSpent.map(({ currencyCode, minorUnits }) => ({
    currencyCode,
    minorUnits: String(minorUnits),
  }));
  return [
    ...[reported.source, reported.revision, reported.totalBookings, JSON.stringify(spent)],
    ...[reported.firstBookingTime, reported.lastBookingTime, reported.lastActivityTime],
    ...[reported.averageRating, reported.totalReviews],
  ];
}
