import { randomUUID } from 'node:crypto';
import { addJobs, type RunStatement } from '@rollcall/runtime/outbox';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import { activityJob, statisticsJob, type UserActivity } from '@rollcall/user-access';
import type { Booking, BookingStatus } from '../bookings/booking.ts';
import type { Review } from '../reviews/review.ts';

/**
 * A report to the user service about one of its users. Each report renews the user's statistics. It is
 * enqueued in the transaction of the change.
 */
export interface UserReport {
  readonly tenantId: string;
  readonly userId: string;
  /** Absent: the change has no entry on the user's timeline. */
  readonly activity?: UserActivity;
}

/** Returns the reports of a new booking; none when it has no user. */
export function reportsOfNewBooking(booking: Booking): UserReport[] {
  return activityReports(booking, { word: 'created', status: booking.status, time: booking.createTime });
}

/** Returns the reports of a changed booking. An unchanged status has no entry on the timeline. */
export function reportsOfBookingChange(booking: Booking, before: BookingStatus, time: Date): UserReport[] {
  const { status } = booking;
  if (status !== before) return activityReports(booking, { word: status.toLowerCase(), status, time });
  return booking.userId ? [{ tenantId: booking.tenantId, userId: booking.userId }] : [];
}

function activityReports(
  { tenantId, userId, id, reference }: Booking,
  { word, status, time }: { word: string; status: BookingStatus; time: Date },
): UserReport[] {
  if (!userId) return [];
  const summary = `Booking ${reference} ${word}`;
  const attributes = { booking_id: id, reference, status };
  return [{ tenantId, userId, activity: { kind: `booking.${word}`, time, summary, attributes } }];
}

type ReviewEvent = 'written' | 'changed' | 'deleted';

/**
 * Returns the reports of a review: an entry on its author's timeline, and the statistics of author and
 * vendor.
 */
export function reportsOfReview(review: Review, event: ReviewEvent, time: Date): UserReport[] {
  const { tenantId, customerId, vendorId, id, bookingId, rating } = review;
  const attributes = { review_id: id, booking_id: bookingId, rating: String(rating) };
  const activity = { kind: `review.${event}`, time, summary: `Review ${event}: ${rating} of 5`, attributes };
  const reports: UserReport[] = [{ tenantId, userId: customerId, activity }];
  return vendorId === customerId ? reports : [...reports, { tenantId, userId: vendorId }];
}

/**
 * Enqueues reports in the transaction of the change. Call it last: reports on one user wait for each other's
 * transaction, and the order of the keys prevents a deadlock.
 */
export async function enqueueUserReports(run: RunPrepared, reports: readonly UserReport[]): Promise<void> {
  const activities = reports.flatMap(({ tenantId, userId, activity }) =>
    activity ? [activityJob({ tenantId, userId, requestId: randomUUID(), activity })] : [],
  );
  const statistics = reports
    .map(statisticsJob)
    .sort((one, other) => ((one.key ?? '') < (other.key ?? '') ? -1 : 1));
  // The statement's text is constant, so one name serves all calls.
  const runStatement: RunStatement = (text, values) => run({ name: 'add_jobs', text }, values);
  await addJobs(runStatement, [...activities, ...statistics]);
}
