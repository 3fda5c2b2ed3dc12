import type { UserAliases, Users } from '@rollcall/user-access';
import { notFound } from '../errors.ts';
import { limitBySize, maxTextBytes, maxUserBytes, type TimePosition } from '../page.ts';
import { type ReviewWithUsers, reviewsWithUsers, reviewWithUsers } from './review.ts';
import type { ReviewList, ReviewName, ReviewReads } from './review-store.ts';

/**
 * Returns a review with its users.
 * @throws BookingError REVIEW_NOT_FOUND
 */
export async function getReview(
  { reads, users }: { reads: ReviewReads; users: Users },
  name: ReviewName,
  signal: AbortSignal,
): Promise<ReviewWithUsers> {
  const review = await reads.find(name);
  if (!review) throw notFound('review', name);
  return reviewWithUsers(users, review, signal);
}

export interface ListReviewsPorts {
  readonly reads: ReviewReads;
  readonly users: Users;
  readonly aliases: UserAliases;
}

interface ListReviewsQuery extends Omit<ReviewList, 'customerIds' | 'vendorIds'> {
  /** Null: by any customer. */
  readonly customerId: string | null;
  /** Null: about any vendor. */
  readonly vendorId: string | null;
  readonly signal: AbortSignal;
}

/** One page of a list. */
interface ReviewPage {
  readonly reviews: readonly ReviewWithUsers[];
  /** Position of the last row. Absent: this is the last page. */
  readonly next?: TimePosition;
}

/** Returns a page of reviews with their users, newest first. A merged user counts as its survivor. */
export async function listReviews(
  { reads, users, aliases }: ListReviewsPorts,
  { customerId, vendorId, signal, ...list }: ListReviewsQuery,
): Promise<ReviewPage> {
  const idsOf = (id: string | null) => (id ? aliases.allIdsOf(list.tenantId, [id]) : null);
  const [customerIds, vendorIds] = await Promise.all([idsOf(customerId), idsOf(vendorId)]);
  // One row more than the limit shows whether a next page exists.
  const found = await reads.list({ ...list, customerIds, vendorIds, limit: list.limit + 1 });
  const page = await reviewsWithUsers(users, found.slice(0, list.limit), signal);
  const reviews = limitBySize(page, maxReviewBytes);
  const last = reviews.at(-1)?.review;
  if (found.length <= reviews.length || !last) return { reviews };
  return { reviews, next: { timeMs: last.createTime.getTime(), id: last.id } };
}

function maxReviewBytes({ review, customer, vendor }: ReviewWithUsers): number {
  return maxTextBytes(review.text) + maxUserBytes(customer) + maxUserBytes(vendor);
}
