import type { UserAliases, Users } from '@rollcall/user-access';
import { notFound } from '../errors.ts';
import { limitBySize, maxTextBytes, maxUserBytes, type TimePosition } from '../page.ts';
import { type ReviewWithUsers, reviewsWithUsers, reviewWithUsers } from './review.ts';
import type { ReviewList, ReviewName, ReviewReads } from './review-store.ts';

/** One review and its users. Throws BookingError REVIEW_NOT_FOUND. */
export async function getReview(
  { reads, users }: { reads: ReviewReads; users: Users },
  name: ReviewName,
  signal: AbortSignal,
): Promise<ReviewWithUsers> {
  const review = await reads.find(name);
  if (!review) throw notFound('review', name);
  return reviewWithUsers(users, review, signal);
}

/** What ListReviews works with. */
export interface ListReviewsPorts {
  readonly reads: ReviewReads;
  readonly users: Users;
  readonly aliases: UserAliases;
}

/** Which reviews. */
interface ListReviewsQuery extends Omit<ReviewList, 'customerIds' | 'vendorIds'> {
  /** Null: by everybody. */
  readonly customerId: string | null;
  /** Null: about everybody. */
  readonly vendorId: string | null;
  readonly signal: AbortSignal;
}

/** One page of a list. */
interface ReviewPage {
  readonly reviews: readonly ReviewWithUsers[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: TimePosition;
}

/** One page of reviews with their users, newest first. Users who were merged count as who they are now. */
export async function listReviews(
  { reads, users, aliases }: ListReviewsPorts,
  { customerId, vendorId, signal, ...list }: ListReviewsQuery,
): Promise<ReviewPage> {
  const idsOf = (id: string | null) => (id ? aliases.allIdsOf(list.tenantId, [id]) : null);
  const [customerIds, vendorIds] = await Promise.all([idsOf(customerId), idsOf(vendorId)]);
  // One more than asked for tells whether there is a next page.
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
