import type { BookingStatus } from '../bookings/booking.ts';
import type { UserReport } from '../outbox/user-reports.ts';
import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Review, ReviewTerms } from './review.ts';

/** A list of reviews, newest first. */
export interface ReviewList {
  readonly tenantId: string;
  /** By one of these users, in lower case. Null: by any user. */
  readonly customerIds: readonly string[] | null;
  /** About one of these users, in lower case. Null: about any user. */
  readonly vendorIds: readonly string[] | null;
  readonly limit: number;
  /** Start behind this position. Absent: start at the newest. */
  readonly after?: TimePosition;
}

/** The name of a review. The id is in lower case. */
export interface ReviewName {
  readonly tenantId: string;
  readonly id: string;
}

/** Reads reviews. */
export interface ReviewReads {
  find(name: ReviewName): Promise<Review | undefined>;
  list(list: ReviewList): Promise<Review[]>;
}

/** The fields of a booking that decide whether it can be reviewed. */
export interface ReviewedBooking {
  readonly status: BookingStatus;
  readonly userId: string | null;
  readonly vendorId: string | null;
  readonly reference: string;
}

export interface ReviewToWrite {
  readonly tenantId: string;
  readonly bookingId: string;
  /** Undefined: a repeated call is another attempt. */
  readonly request: WriteRequest | undefined;
}

/** A review to insert, and its reports to the user service. */
export interface DecidedReview {
  readonly review: Review;
  readonly reports: readonly UserReport[];
}

/**
 * The new review; the id of the review that the request made before, which may be removed; or the obstacle.
 */
export type WrittenReview =
  | { readonly outcome: 'written'; readonly review: Review }
  | { readonly outcome: 'repeated'; readonly madeId: string }
  | { readonly outcome: 'no_booking' | 'has_review' };

/** Writes reviews. Reports are enqueued in the transaction of the write. */
export interface ReviewWrites {
  /**
   * Locks the booking and inserts its review.
   * @param decide returns the review of the locked booking; a throw rolls back
   * @throws BookingError REQUEST_ID_REUSED
   */
  write(wanted: ReviewToWrite, decide: (booking: ReviewedBooking) => DecidedReview): Promise<WrittenReview>;
  /**
   * Changes the given fields and returns the review, or undefined for an unknown id.
   * @param reports returns the reports of the changed review
   */
  update(
    name: ReviewName,
    changes: Partial<ReviewTerms> & { readonly updateTime: Date },
    reports: (review: Review) => readonly UserReport[],
  ): Promise<Review | undefined>;
  /**
   * Removes a review. An unknown review is no error.
   * @param reports returns the reports of the removed review
   */
  remove(name: ReviewName, reports: (review: Review) => readonly UserReport[]): Promise<void>;
}
