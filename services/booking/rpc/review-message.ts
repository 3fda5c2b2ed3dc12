import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type Review as ReviewMessage, ReviewSchema } from '@rollcall/contract/booking';
import { invalidField, requireStorable, requireUuid } from '@rollcall/runtime/rpc';
import { toAttachedUser } from '@rollcall/user-access';
import type { NewReview, ReviewTerms } from '../reviews/review.ts';
import type { ShownReview } from '../reviews/shown-review.ts';
import { maskedBy, requireGiven } from './request-fields.ts';

/** What CreateReview writes; output-only fields are left out. Throws RpcError FIELD_INVALID. */
export function newReviewFromMessage({ bookingId, rating, text }: ReviewMessage): NewReview {
  requireGiven('review.booking_id', bookingId);
  requireGiven('review.rating', rating);
  requireStorable('review.text', text);
  return { bookingId: bookingId.toLowerCase(), rating, text };
}

/** Which review to change, and how. Throws RpcError FIELD_INVALID. */
export function reviewChangesFromMessage(
  { id, rating, text }: ReviewMessage,
  paths: readonly string[],
): { id: string; changes: Partial<ReviewTerms> } {
  const changes = maskedBy<ReviewTerms>(paths, { rating: { rating }, text: { text } });
  if (changes.rating === 0) throw invalidField('review.rating', 'must be given');
  requireStorable('review.text', text);
  return { id: requireUuid('review.id', id), changes };
}

/** A review with its users as it goes over the wire. */
export function toReviewMessage({ review, customer, vendor }: ShownReview): ReviewMessage {
  const { tenantId, id, bookingId, customerId, vendorId, rating, text, createTime, updateTime } = review;
  return create(ReviewSchema, {
    ...{ tenantId, id, bookingId, customerId, vendorId, rating, text },
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
    ...(customer && { customer: toAttachedUser(customer) }),
    ...(vendor && { vendor: toAttachedUser(vendor) }),
  });
}
