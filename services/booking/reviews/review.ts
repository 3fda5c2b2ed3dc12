/** What may be said in a review, and changed. */
export interface ReviewTerms {
  /** 1 to 5. */
  readonly rating: number;
  readonly text: string;
}

/** A review to write. */
export interface NewReview extends ReviewTerms {
  /** A lower-case UUID. */
  readonly bookingId: string;
}

/** A review. */
export interface Review extends NewReview {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  /** Who wrote it: the user of the booking. */
  readonly customerId: string;
  /** Whom it is about: the vendor's user. */
  readonly vendorId: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}
