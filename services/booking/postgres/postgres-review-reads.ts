import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { Review } from '../reviews/review.ts';
import type { ReviewReads } from '../reviews/review-reads.ts';

/** A row of `reviews`. */
export interface ReviewRow {
  tenant_id: string;
  id: string;
  booking_id: string;
  customer_id: string;
  vendor_id: string;
  rating: number;
  text: string;
  create_time: Date;
  update_time: Date;
}

/** What to select for one. */
export const REVIEW_COLUMNS =
  'tenant_id, id, booking_id, customer_id, vendor_id, rating, text, create_time, update_time';

/** Reads by named prepared statements. */
export function createPostgresReviewReads(pool: Pool): ReviewReads {
  return {
    async find({ tenantId, id }) {
      const [row] = await runPrepared<ReviewRow>(pool, FIND, [tenantId, id]);
      return row && reviewFromRow(row);
    },
    async list({ tenantId, customerIds, vendorIds, limit, after }) {
      const before = after ? [new Date(after.timeMs), after.id] : BEFORE_ALL;
      const values: unknown[] = [tenantId, ...before, limit];
      const filters = [
        ...(customerIds ? [{ column: 'customer_id', ids: customerIds }] : []),
        ...(vendorIds ? [{ column: 'vendor_id', ids: vendorIds }] : []),
      ];
      const conditions = filters.map(
        ({ column, ids }) => ` and ${column} = any($${values.push(ids)}::uuid[])`,
      );
      const name = ['reviews', ...filters.map(({ column }) => column)].join('_');
      const text = `select ${REVIEW_COLUMNS} from reviews where tenant_id = $1${conditions.join('')} ${PAGE}`;
      return (await runPrepared<ReviewRow>(pool, { name, text }, values)).map(reviewFromRow);
    },
  };
}

/** A row as a review of the domain. */
export function reviewFromRow(row: ReviewRow): Review {
  return {
    tenantId: row.tenant_id,
    id: row.id,
    bookingId: row.booking_id,
    customerId: row.customer_id,
    vendorId: row.vendor_id,
    rating: row.rating,
    text: row.text,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

// Where the first page begins, so that it needs no statement of its own.
const BEFORE_ALL = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

const PAGE = `and (create_time, id) < ($2::timestamptz, $3::uuid) order by create_time desc, id desc limit $4`;

const FIND = {
  name: 'review',
  text: `select ${REVIEW_COLUMNS} from reviews where tenant_id = $1 and id = $2`,
};
