import { type Pool, type RunPrepared, runPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import type { BookingStatus } from '../bookings/booking.ts';
import { enqueueUserReports } from '../outbox/user-reports.ts';
import type { Review } from '../reviews/review.ts';
import type {
  ReviewedBooking,
  ReviewReads,
  ReviewToWrite,
  ReviewWrites,
  WrittenReview,
} from '../reviews/review-store.ts';
import { claimRequest, findRequest } from './claim-request.ts';

/** A row of `reviews`. */
interface ReviewRow {
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

const REVIEW_COLUMNS =
  'tenant_id, id, booking_id, customer_id, vendor_id, rating, text, create_time, update_time';

/** Creates a reader with named prepared statements. */
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
      const where = filters.map(({ column, ids }) => ` and ${column} = any($${values.push(ids)}::uuid[])`);
      const name = ['reviews', ...filters.map(({ column }) => column)].join('_');
      const text = `select ${REVIEW_COLUMNS} from reviews where tenant_id = $1${where.join('')} ${PAGE}`;
      return (await runPrepared<ReviewRow>(pool, { name, text }, values)).map(reviewFromRow);
    },
  };
}

function reviewFromRow(row: ReviewRow): Review {
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

// Before the newest row, so that the first page needs no statement of its own.
const BEFORE_ALL = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

const PAGE = `and (create_time, id) < ($2::timestamptz, $3::uuid) order by create_time desc, id desc limit $4`;

const FIND = {
  name: 'review',
  text: `select ${REVIEW_COLUMNS} from reviews where tenant_id = $1 and id = $2`,
};

/** Creates a writer. Each write enqueues its reports in one transaction. */
export function createPostgresReviewWrites(pool: Pool): ReviewWrites {
  return {
    write: (wanted, decide) => transactPrepared(pool, (run) => write(run, wanted, decide)),
    update({ tenantId, id }, { rating, text, updateTime }, reports) {
      return transactPrepared(pool, async (run) => {
        const values = [tenantId, id, rating ?? null, text ?? null, updateTime];
        const [row] = await run<ReviewRow>(UPDATE, values);
        const review = row && reviewFromRow(row);
        if (review) await enqueueUserReports(run, reports(review));
        return review;
      });
    },
    remove({ tenantId, id }, reports) {
      return transactPrepared(pool, async (run) => {
        const [row] = await run<ReviewRow>(REMOVE, [tenantId, id]);
        if (row) await enqueueUserReports(run, reports(reviewFromRow(row)));
      });
    },
  };
}

async function write(
  run: RunPrepared,
  { tenantId, bookingId, request }: ReviewToWrite,
  decide: Parameters<ReviewWrites['write']>[1],
): Promise<WrittenReview> {
  // A finished request stays finished, whatever happened to the booking since.
  const before = request && (await findRequest(run, tenantId, request));
  if (before !== undefined) return { outcome: 'repeated', madeId: before };
  // The lock on the booking serialises its reviews, so a concurrent call sees the first one.
  const [row] = await run<BookingRow>(LOCK_BOOKING, [tenantId, bookingId]);
  if (!row) return { outcome: 'no_booking' };
  const meanwhile = request && (await findRequest(run, tenantId, request));
  if (meanwhile !== undefined) return { outcome: 'repeated', madeId: meanwhile };
  if ((await run(OF_BOOKING, [tenantId, bookingId])).length > 0) return { outcome: 'has_review' };
  const { review, reports } = decide(bookingFromRow(row));
  // Throws when the request id is at work for another booking.
  await claimRequest(run, { tenantId, request, madeId: review.id });
  await run(INSERT, toValues(review));
  await enqueueUserReports(run, reports);
  return { outcome: 'written', review };
}

interface BookingRow {
  status: BookingStatus;
  user_id: string | null;
  vendor_id: string | null;
  reference: string;
}

function bookingFromRow({ status, user_id, vendor_id, reference }: BookingRow): ReviewedBooking {
  return { status, userId: user_id, vendorId: vendor_id, reference };
}

function toValues(review: Review): unknown[] {
  const { tenantId, id, bookingId, customerId, vendorId, rating, text, createTime, updateTime } = review;
  return [tenantId, id, bookingId, customerId, vendorId, rating, text, createTime, updateTime];
}

const LOCK_BOOKING = {
  name: 'reviewed_booking_hold',
  text: 'select status, user_id, vendor_id, reference from bookings where tenant_id = $1 and id = $2 for update',
};

const OF_BOOKING = {
  name: 'review_of_booking',
  text: 'select 1 from reviews where tenant_id = $1 and booking_id = $2',
};

const INSERT = {
  name: 'review_insert',
  text: `insert into reviews (${REVIEW_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
};

const UPDATE = {
  name: 'review_update',
  text: `update reviews set rating = coalesce($3, rating), text = coalesce($4, text), update_time = $5
    where tenant_id = $1 and id = $2 returning ${REVIEW_COLUMNS}`,
};

const REMOVE = {
  name: 'review_remove',
  text: `delete from reviews where tenant_id = $1 and id = $2 returning ${REVIEW_COLUMNS}`,
};
