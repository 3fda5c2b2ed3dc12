import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  CreateReviewResponseSchema,
  DeleteReviewResponseSchema,
  GetReviewResponseSchema,
  ListReviewsResponseSchema,
  type Review as ReviewMessage,
  ReviewSchema,
  type ReviewService,
  UpdateReviewResponseSchema,
} from '@rollcall/contract/booking';
import {
  type Implementation,
  invalidField,
  pageFromRequest,
  requireStorable,
  requireUuid,
  writeRequest,
} from '@rollcall/runtime/rpc';
import { toAttachedUser } from '@rollcall/user-access';
import type { NewReview, ReviewTerms, ReviewWithUsers } from '../reviews/review.ts';
import {
  createReview,
  deleteReview,
  getReview,
  listReviews,
  type ReviewPorts,
  updateReview,
} from '../reviews/review-commands.ts';
import { pickMasked, requirePresent } from './request-fields.ts';

/** Implements ReviewService. */
export function reviewServiceImplementation(ports: ReviewPorts): Implementation<typeof ReviewService> {
  return {
    async createReview({ tenantId, requestId, review: message }, { signal }) {
      // Field rules guarantee `review`.
      const review = newReviewFromMessage(message as ReviewMessage);
      const request = writeRequest(requestId, { method: 'CreateReview', ...review });
      const created = await createReview(ports, { tenantId, review, signal, ...request });
      const { replayed } = created;
      return create(CreateReviewResponseSchema, { review: toReviewMessage(created), replayed });
    },
    async getReview({ tenantId, id }, { signal }) {
      const review = await getReview(ports, { tenantId, id: id.toLowerCase() }, signal);
      return create(GetReviewResponseSchema, { review: toReviewMessage(review) });
    },
    async listReviews(request, { signal }) {
      const customerId = request.customerId.toLowerCase() || null;
      const vendorId = request.vendorId.toLowerCase() || null;
      const { page: list, tokens } = pageFromRequest(request, ['ListReviews', { customerId, vendorId }]);
      const page = await listReviews(ports, { ...list, customerId, vendorId, signal });
      const nextPageToken = page.next ? tokens.write(page.next) : '';
      return create(ListReviewsResponseSchema, { reviews: page.rows.map(toReviewMessage), nextPageToken });
    },
    async updateReview({ tenantId, review: message, updateMask }, { signal }) {
      const { id, changes } = reviewChangesFromMessage(message as ReviewMessage, updateMask?.paths ?? []);
      const review = await updateReview(ports, { tenantId, id, changes }, signal);
      return create(UpdateReviewResponseSchema, { review: toReviewMessage(review) });
    },
    async deleteReview({ tenantId, id }) {
      await deleteReview(ports, { tenantId, id: id.toLowerCase() });
      return create(DeleteReviewResponseSchema);
    },
  };
}

/**
 * Reads the review of CreateReview, without output-only fields.
 * @throws RpcError FIELD_INVALID
 */
function newReviewFromMessage({ bookingId, rating, text }: ReviewMessage): NewReview {
  requirePresent('review.booking_id', bookingId);
  requirePresent('review.rating', rating);
  requireStorable('review.text', text);
  return { bookingId: bookingId.toLowerCase(), rating, text };
}

/**
 * Reads the id and the changes of UpdateReview.
 * @throws RpcError FIELD_INVALID
 */
function reviewChangesFromMessage(
  { id, rating, text }: ReviewMessage,
  paths: readonly string[],
): { id: string; changes: Partial<ReviewTerms> } {
  const changes = pickMasked<ReviewTerms>(paths, { rating: { rating }, text: { text } });
  if (changes.rating === 0) throw invalidField('review.rating', 'must be given');
  requireStorable('review.text', text);
  return { id: requireUuid('review.id', id), changes };
}

function toReviewMessage({ review, customer, vendor }: ReviewWithUsers): ReviewMessage {
  const { tenantId, id, bookingId, customerId, vendorId, rating, text, createTime, updateTime } = review;
  return create(ReviewSchema, {
    ...{ tenantId, id, bookingId, customerId, vendorId, rating, text },
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
    ...(customer && { customer: toAttachedUser(customer) }),
    ...(vendor && { vendor: toAttachedUser(vendor) }),
  });
}
