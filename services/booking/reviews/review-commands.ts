import type { UserAliases, Users } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import type { BookingStatus } from '../bookings/booking.ts';
import { notFound, notReviewable, reviewExists } from '../errors.ts';
import { reportsOfReview } from '../outbox/user-reports.ts';
import { limitBySize, maxTextBytes, maxUserBytes, type Page } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import {
  type NewReview,
  type ReviewTerms,
  type ReviewWithUsers,
  reviewsWithUsers,
  reviewWithUsers,
} from './review.ts';
import type {
  DecidedReview,
  ReviewedBooking,
  ReviewList,
  ReviewName,
  ReviewReads,
  ReviewWrites,
} from './review-store.ts';

/** The stores and lookups of the commands. */
export interface ReviewPorts {
  readonly reads: ReviewReads;
  readonly writes: ReviewWrites;
  readonly users: Users;
  readonly aliases: UserAliases;
}

/**
 * Returns a review with its users.
 * @throws BookingError REVIEW_NOT_FOUND
 */
export async function getReview(
  { reads, users }: ReviewPorts,
  name: ReviewName,
  signal: AbortSignal,
): Promise<ReviewWithUsers> {
  const review = await reads.find(name);
  if (!review) throw notFound('review', name);
  return reviewWithUsers(users, review, signal);
}

interface ListReviewsQuery extends Omit<ReviewList, 'customerIds' | 'vendorIds'> {
  /** Null: by any customer. */
  readonly customerId: string | null;
  /** Null: about any vendor. */
  readonly vendorId: string | null;
  readonly signal: AbortSignal;
}

/** Returns a page of reviews with their users, newest first. A merged user counts as its survivor. */
export async function listReviews(
  { reads, users, aliases }: ReviewPorts,
  { customerId, vendorId, signal, ...list }: ListReviewsQuery,
): Promise<Page<ReviewWithUsers>> {
  const idsOf = (id: string | null) => (id ? aliases.allIdsOf(list.tenantId, [id]) : null);
  const [customerIds, vendorIds] = await Promise.all([idsOf(customerId), idsOf(vendorId)]);
  // One row more than the limit shows whether a next page exists.
  const found = await reads.list({ ...list, customerIds, vendorIds, limit: list.limit + 1 });
  const page = await reviewsWithUsers(users, found.slice(0, list.limit), signal);
  const rows = limitBySize(page, maxReviewBytes);
  const last = rows.at(-1)?.review;
  if (found.length <= rows.length || !last) return { rows };
  return { rows, next: { timeMs: last.createTime.getTime(), id: last.id } };
}

function maxReviewBytes({ review, customer, vendor }: ReviewWithUsers): number {
  return maxTextBytes(review.text) + maxUserBytes(customer) + maxUserBytes(vendor);
}

interface CreateReviewCommand {
  readonly tenantId: string;
  readonly review: NewReview;
  /** Absent: a repeated call is another attempt. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

interface CreatedReview extends ReviewWithUsers {
  /** An earlier call with the same request id created it. */
  readonly replayed: boolean;
}

/**
 * Creates the review of a booking in the name of its user. No lookup is needed: the booking proves who the
 * author is.
 * @throws BookingError REQUEST_ID_REUSED, BOOKING_NOT_FOUND, BOOKING_NOT_REVIEWABLE, REVIEW_EXISTS;
 * REVIEW_NOT_FOUND when the review of a repeated request is removed
 */
export async function createReview(
  { reads, writes, users }: ReviewPorts,
  { tenantId, review, request, signal }: CreateReviewCommand,
): Promise<CreatedReview> {
  const { bookingId } = review;
  const wanted = { tenantId, bookingId, request };
  const written = await writes.write(wanted, (booking) => decide(booking, tenantId, review));
  switch (written.outcome) {
    case 'written':
      return { ...(await reviewWithUsers(users, written.review, signal)), replayed: false };
    case 'repeated': {
      const name = { tenantId, id: written.madeId };
      const made = await reads.find(name);
      if (!made) throw notFound('review', name);
      return { ...(await reviewWithUsers(users, made, signal)), replayed: true };
    }
    case 'no_booking':
      throw notFound('booking', { tenantId, id: bookingId });
    case 'has_review':
      throw reviewExists(tenantId, bookingId);
  }
}

const REVIEWABLE_STATUSES: readonly BookingStatus[] = ['COMPLETED', 'ATTENDED'];

function decide(booking: ReviewedBooking, tenantId: string, review: NewReview): DecidedReview {
  const { userId, vendorId, status, reference } = booking;
  const refuse = (why: string, message: string) =>
    notReviewable(message, { tenantId, id: review.bookingId, why });
  if (!userId) throw refuse('no_user', `Booking ${reference} has no user who could review it.`);
  if (!vendorId) throw refuse('no_vendor', `Booking ${reference} has no vendor to review.`);
  if (!REVIEWABLE_STATUSES.includes(status))
    throw refuse('status', `Booking ${reference} is ${status}: only what took place is reviewed.`);
  const now = new Date();
  const ids = { tenantId, id: uuidv7(), customerId: userId, vendorId };
  const written = { ...review, ...ids, createTime: now, updateTime: now };
  return { review: written, reports: reportsOfReview(written, 'written', now) };
}

/**
 * Changes the given fields of a review.
 * @throws BookingError REVIEW_NOT_FOUND
 */
export async function updateReview(
  { writes, users }: ReviewPorts,
  { changes, ...name }: ReviewName & { readonly changes: Partial<ReviewTerms> },
  signal: AbortSignal,
): Promise<ReviewWithUsers> {
  const updateTime = new Date();
  const review = await writes.update(name, { ...changes, updateTime }, (each) =>
    reportsOfReview(each, 'changed', updateTime),
  );
  if (!review) throw notFound('review', name);
  return reviewWithUsers(users, review, signal);
}

/** Removes a review. An unknown review is no error. */
export function deleteReview({ writes }: ReviewPorts, name: ReviewName): Promise<void> {
  return writes.remove(name, (review) => reportsOfReview(review, 'deleted', new Date()));
}
