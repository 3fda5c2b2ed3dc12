import { isDeepStrictEqual } from 'node:util';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import { type SourceStatistics, sumRatings, sumStatistics } from '../../users/statistics.ts';
import { touchedBetween } from '../../users/touched-views.ts';
import type { User } from '../../users/user.ts';
import type { StatisticsEdits } from '../../users/user-writes.ts';
import { announce } from '../feed/change-insert.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { STATISTICS_JSON, type StatisticsJson, statisticsFromJson } from '../rows/statistics-json.ts';
import { familyOf } from '../rows/user-from-row.ts';
import { readUser } from './user-transaction.ts';

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
  text: `select ${STATISTICS_JSON} as told from user_statistics
    where tenant_id = $1 and user_id = any(${familyOf('$1', '$2::uuid')}) order by source`,
};

const CHANGE = {
  name: 'statistics_change',
  text: `with changed as (
      update users set version = version + 1, update_time = $3, average_rating = $4, total_reviews = $5,
        last_activity_time = $6
      where tenant_id = $1 and id = $2 returning tenant_id, id, version, update_time
    )
    ${announce({ kind: `'UPDATED'`, contentView: '$7::text', figuresView: '$8::text' })}`,
};

/** Figures that services tell of users that are locked. */
export function statisticsEdits(run: RunPrepared, seal: ContactSeal): StatisticsEdits {
  return {
    async putStatistics(user, told) {
      await run(PUT, [user.tenantId, user.askedId, ...toValues(told)]);
      const rows = await run<{ told: StatisticsJson }>(SOURCES, [user.tenantId, user.id]);
      const sources = rows.map((row) => statisticsFromJson(row.told));
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

function toValues(told: SourceStatistics): unknown[] {
  const spent = told.totalSpent.map(({ currencyCode, minorUnits }) => ({
    currencyCode,
    minorUnits: String(minorUnits),
  }));
  return [
    ...[told.source, told.revision, told.totalBookings, JSON.stringify(spent)],
    ...[told.firstBookingTime, told.lastBookingTime, told.lastActivityTime],
    ...[told.averageRating, told.totalReviews],
  ];
}
