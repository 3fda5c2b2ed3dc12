import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { ErasedRows, UserStatistics } from '@rollcall/user-access';

/** The columns with user ids, whose merges and erasures are followed. */
export const USER_COLUMNS = [
  { table: 'bookings', column: 'user_id' },
  { table: 'bookings', column: 'vendor_id' },
  { table: 'pets', column: 'user_id' },
  { table: 'reviews', column: 'customer_id' },
  { table: 'reviews', column: 'vendor_id' },
];

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

// The digest of a request goes too: a list of addresses could be tried against it.
const FORGET_REQUESTS = `update made_by_request r set fingerprint = '' from chosen s
  where r.tenant_id = s.tenant_id and r.made_id = s.id`;

/**
 * Clears the booking service's data of erased users. A booking keeps its days and its money, and a review
 * keeps its rating, which is the vendor's. Pets are deleted.
 */
export const ERASED_ROWS: ErasedRows = {
  statements: [
    {
      name: 'erase_bookings',
      text: `with chosen as (
          select tenant_id, id from bookings
          where tenant_id = $1 and user_id = any($2::uuid[]) and (contact_details is not null or request_fingerprint <> '')
          order by id limit $3 for update
        )
        update bookings b set contact_details = null,
          request_fingerprint = case when b.request_fingerprint is not null then ''::bytea end
        from chosen s where b.tenant_id = s.tenant_id and b.id = s.id returning 1`,
    },
    {
      name: 'erase_pets',
      text: `with chosen as (
          select tenant_id, id from pets where tenant_id = $1 and user_id = any($2::uuid[]) order by id limit $3 for update
        ), requests as (${FORGET_REQUESTS})
        delete from pets p using chosen s where p.tenant_id = s.tenant_id and p.id = s.id returning 1`,
    },
    {
      // A review about an erased vendor is about that person too.
      name: 'erase_reviews',
      text: `with chosen as (
          select tenant_id, id from reviews
          where tenant_id = $1 and (customer_id = any($2::uuid[]) or vendor_id = any($2::uuid[])) and text <> ''
          order by id limit $3 for update
        ), requests as (${FORGET_REQUESTS})
        update reviews r set text = '' from chosen s where r.tenant_id = s.tenant_id and r.id = s.id returning 1`,
    },
  ],
};
