import type { Users } from '@rollcall/user-access';
import { notFound } from '../errors.ts';
import { tellingsOf } from '../outbox/review-tellings.ts';
import type { ReviewTerms } from './review.ts';
import type { ReviewName, ReviewReads } from './review-reads.ts';
import type { ReviewWrites } from './review-writes.ts';
import { type ShownReview, showReview } from './shown-review.ts';

/** One review and its users. Throws BookingError REVIEW_NOT_FOUND. */
export async function getReview(
  { reads, users }: { reads: ReviewReads; users: Users },
  name: ReviewName,
  signal: AbortSignal,
): Promise<ShownReview> {
  const review = await reads.find(name);
  if (!review) throw notFound('review', name);
  return showReview(users, review, signal);
}

/** Changes what is given of a review. Throws BookingError REVIEW_NOT_FOUND. */
export async function updateReview(
  { writes, users }: { writes: ReviewWrites; users: Users },
  { changes, ...name }: ReviewName & { readonly changes: Partial<ReviewTerms> },
  signal: AbortSignal,
): Promise<ShownReview> {
  const updateTime = new Date();
  const review = await writes.update(name, { ...changes, updateTime }, (each) =>
    tellingsOf(each, 'changed', updateTime),
  );
  if (!review) throw notFound('review', name);
  return showReview(users, review, signal);
}

/** Removes a review, if it is there. */
export function deleteReview(writes: ReviewWrites, name: ReviewName): Promise<void> {
  return writes.remove(name, (review) => tellingsOf(review, 'deleted', new Date()));
}
