import type { SourceStatistics } from '../../users/statistics.ts';

/** A row of `user_statistics` as one JSON object: numbers that JSON cannot hold as text, times in ms since 1970. */
export interface StatisticsJson {
  readonly source: string;
  readonly revision: string;
  readonly bookings: string;
  readonly spent: readonly { readonly currencyCode: string; readonly minorUnits: string }[];
  readonly first: number | null;
  readonly last: number | null;
  readonly active: number | null;
  readonly rating: number;
  readonly reviews: number;
}

const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::bigint`;

/** Selects that object. */
export const STATISTICS_JSON = `jsonb_build_object('source', source, 'revision', revision::text,
  'bookings', total_bookings::text, 'spent', total_spent, 'first', ${ms('first_booking_time')},
  'last', ${ms('last_booking_time')}, 'active', ${ms('last_activity_time')}, 'rating', average_rating, 'reviews', total_reviews)`;

/** What one service told, from a row. */
export function statisticsFromJson(row: StatisticsJson): SourceStatistics {
  const time = (at: number | null) => (at === null ? null : new Date(at));
  return {
    source: row.source,
    revision: BigInt(row.revision),
    totalBookings: BigInt(row.bookings),
    totalSpent: row.spent.map(({ currencyCode, minorUnits }) => ({
      currencyCode,
      minorUnits: BigInt(minorUnits),
    })),
    firstBookingTime: time(row.first),
    lastBookingTime: time(row.last),
    lastActivityTime: time(row.active),
    averageRating: row.rating,
    totalReviews: row.reviews,
  };
}
