import type { UserAliases, Users } from '@rollcall/user-access';
import { mostTextBytes, mostUserBytes, takeFitting } from '../page.ts';
import type { TimePosition } from '../time-position.ts';
import type { ReviewList, ReviewReads } from './review-reads.ts';
import { type ShownReview, showReviews } from './shown-review.ts';

/** What ListReviews works with. */
export interface ListReviewsPorts {
  readonly reads: ReviewReads;
  readonly users: Users;
  readonly aliases: UserAliases;
}

/** Which reviews. */
export interface ListReviewsQuery extends Omit<ReviewList, 'customerIds' | 'vendorIds'> {
  /** Null: by everybody. */
  readonly customerId: string | null;
  /** Null: about everybody. */
  readonly vendorId: string | null;
  readonly signal: AbortSignal;
}

/** One page of a list. */
export interface ReviewPage {
  readonly reviews: readonly ShownReview[];
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
  const page = await showReviews(users, found.slice(0, list.limit), signal);
  const reviews = takeFitting(page, mostReviewBytes);
  const last = reviews.at(-1)?.review;
  if (found.length <= reviews.length || !last) return { reviews };
  return { reviews, next: { timeMs: last.createTime.getTime(), id: last.id } };
}

function mostReviewBytes({ review, customer, vendor }: ShownReview): number {
  return mostTextBytes(review.text) + mostUserBytes(customer) + mostUserBytes(vendor);
}
