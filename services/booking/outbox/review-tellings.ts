import type { Review } from '../reviews/review.ts';
import type { Telling } from './telling.ts';

/** What can happen to a review. */
export type ReviewEvent = 'written' | 'changed' | 'deleted';

/** Who is told of a review: who wrote it, on the timeline; whom it is about, by the figures alone. */
export function tellingsOf(review: Review, event: ReviewEvent, time: Date): Telling[] {
  const { tenantId, customerId, vendorId, id, bookingId, rating } = review;
  const attributes = { review_id: id, booking_id: bookingId, rating: String(rating) };
  const activity = { kind: `review.${event}`, time, summary: `Review ${event}: ${rating} of 5`, attributes };
  const tellings: Telling[] = [{ tenantId, userId: customerId, activity }];
  return vendorId === customerId ? tellings : [...tellings, { tenantId, userId: vendorId }];
}
