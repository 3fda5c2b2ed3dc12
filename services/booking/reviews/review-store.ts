import type { BookingStatus } from '../bookings/booking.ts';
import type { UserReport } from '../outbox/user-reports.ts';
import type { TimePosition } from '../page.ts';
import type { WriteRequest } from '../write-request.ts';
import type { Review, ReviewTerms } from './review.ts';

/** Which reviews to list: newest first. */
export interface ReviewList {
  readonly tenantId: string;
  /** Only those by one of these users, in lower case; null: by everybody. */
  readonly customerIds: readonly string[] | null;
  /** Only those about one of these users, likewise. */
  readonly vendorIds: readonly string[] | null;
  readonly limit: number;
  /** Begin behind this place; absent: at the newest. */
  readonly after?: TimePosition;
}

/** Names a review; the id in lower case. */
export interface ReviewName {
  readonly tenantId: string;
  readonly id: string;
}

/** How reviews are read. */
export interface ReviewReads {
  find(name: ReviewName): Promise<Review | undefined>;
  list(list: ReviewList): Promise<Review[]>;
}

/** What decides whether a booking can be reviewed. */
export interface ReviewedBooking {
  readonly status: BookingStatus;
  readonly userId: string | null;
  readonly vendorId: string | null;
  readonly reference: string;
}

/** Which review to write, as the work of which request. */
export interface ReviewToWrite {
  readonly tenantId: string;
  readonly bookingId: string;
  /** Undefined: a repeat is another attempt. */
  readonly request: WriteRequest | undefined;
}

/** What is written, and whom to tell. */
export interface DecidedReview {
  readonly review: Review;
  readonly reports: readonly UserReport[];
}

/** What became of it: the review; what the request made before, which may be gone; or that something is in the way. */
export type WrittenReview =
  | { readonly outcome: 'written'; readonly review: Review }
  | { readonly outcome: 'repeated'; readonly madeId: string }
  | { readonly outcome: 'no_booking' | 'has_review' };

/** How reviews are written. Tellings are written down with what they tell of, or not at all. */
export interface ReviewWrites {
  /**
   * Holds the booking, and writes the review that `decide` makes of it; what `decide` throws leaves all as it was.
   * Throws BookingError REQUEST_ID_REUSED.
   */
  write(wanted: ReviewToWrite, decide: (booking: ReviewedBooking) => DecidedReview): Promise<WrittenReview>;
  /** Changes what is given, tells whom `tellings` says, and answers the review as it is then. Undefined: there is none. */
  update(
    name: ReviewName,
    changes: Partial<ReviewTerms> & { readonly updateTime: Date },
    tellings: (review: Review) => readonly UserReport[],
  ): Promise<Review | undefined>;
  /** Removes a review, if it is there, and tells of it. */
  remove(name: ReviewName, tellings: (review: Review) => readonly UserReport[]): Promise<void>;
}
