import { create } from '@bufbuild/protobuf';
import {
  CreateReviewResponseSchema,
  DeleteReviewResponseSchema,
  GetReviewResponseSchema,
  ListReviewsResponseSchema,
  type Review as ReviewMessage,
  type ReviewService,
  UpdateReviewResponseSchema,
} from '@rollcall/contract/booking';
import { type Implementation, pageFromRequest, writeRequest } from '@rollcall/runtime/rpc';
import { deleteReview, getReview, updateReview } from '../reviews/change-reviews.ts';
import { type CreateReviewPorts, createReview } from '../reviews/create-review.ts';
import { type ListReviewsPorts, listReviews } from '../reviews/list-reviews.ts';
import { newReviewFromMessage, reviewChangesFromMessage, toReviewMessage } from './review-message.ts';

/** What the calls work with. */
export type ReviewPorts = CreateReviewPorts & ListReviewsPorts;

/** The calls of ReviewService. */
export function reviewServiceImplementation(ports: ReviewPorts): Implementation<typeof ReviewService> {
  return {
    async createReview({ tenantId, requestId, review: message }, { signal }) {
      // Field rules have made sure of `review` by the time a handler runs.
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
      return create(ListReviewsResponseSchema, { reviews: page.reviews.map(toReviewMessage), nextPageToken });
    },
    async updateReview({ tenantId, review: message, updateMask }, { signal }) {
      const { id, changes } = reviewChangesFromMessage(message as ReviewMessage, updateMask?.paths ?? []);
      const review = await updateReview(ports, { tenantId, id, changes }, signal);
      return create(UpdateReviewResponseSchema, { review: toReviewMessage(review) });
    },
    async deleteReview({ tenantId, id }) {
      await deleteReview(ports.writes, { tenantId, id: id.toLowerCase() });
      return create(DeleteReviewResponseSchema);
    },
  };
}
