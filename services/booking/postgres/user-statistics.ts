import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { UserStatistics } from '@rollcall/user-access';

/**
 * Counts the statistics of a user by exactly this id: all bookings ever made, the time of the last activity
 * of a booking or of a review by the user, and the reviews about the user.
 */
export async function readUserStatistics(
  pool: Pool,
  tenantId: string,
  userId: string,
): Promise<UserStatistics> {
  const [row] = await runPrepared<StatisticsRow>(pool, STATISTICS, [tenantId, userId]);
  if (!row) throw new Error('a count came back without a row');
  const { first_booking_time, last_booking_time, last_activity_time } = row;
  return {
    totalBookings: BigInt(row.total_bookings),
    ...(first_booking_time && { firstBookingTime: first_booking_time }),
    ...(last_booking_time && { lastBookingTime: last_booking_time }),
    ...(last_activity_time && { lastActivityTime: last_activity_time }),
    averageRating: Number(row.average_rating),
    totalReviews: Number(row.total_reviews),
  };
}

interface StatisticsRow {
  total_bookings: string;
  first_booking_time: Date | null;
  last_booking_time: Date | null;
  last_activity_time: Date | null;
  average_rating: string;
  total_reviews: string;
}

const STATISTICS = {
  name: 'user_figures',
  text: `with of_user as (
      select count(*) as total_bookings, min(create_time) as first_booking_time, max(create_time) as last_booking_time,
        max(coalesce(activity_time, update_time)) as last_change
      from bookings where tenant_id = $1 and user_id = $2
    ), by_user as (
      select max(update_time) as last_review from reviews where tenant_id = $1 and customer_id = $2
    ), about_user as (
      select coalesce(avg(rating), 0) as average_rating, count(*) as total_reviews
      from reviews where tenant_id = $1 and vendor_id = $2
    )
    select total_bookings, first_booking_time, last_booking_time,
      greatest(last_change, last_review) as last_activity_time, average_rating, total_reviews
    from of_user, by_user, about_user`,
};
