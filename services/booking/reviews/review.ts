import { type KnownUser, type Users, withUsers } from '@rollcall/user-access';

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

/** A review, who wrote it and whom it is about. */
export interface ShownReview {
  readonly review: Review;
  readonly customer: KnownUser | undefined;
  readonly vendor: KnownUser | undefined;
}

/** Puts users beside reviews of one tenant, all of them by one lookup. */
export async function showReviews(
  users: Users,
  reviews: readonly Review[],
  signal: AbortSignal,
): Promise<ShownReview[]> {
  const tenantId = reviews[0]?.tenantId ?? '';
  const columns = {
    customer: ({ customerId }: Review) => customerId,
    vendor: ({ vendorId }: Review) => vendorId,
  };
  const shown = await withUsers(users, reviews, { tenantId, columns, signal });
  return shown.map(({ row, users: { customer, vendor } }) => ({ review: row, customer, vendor }));
}

/** The same for one review. */
export async function showReview(users: Users, review: Review, signal: AbortSignal): Promise<ShownReview> {
  const [shown] = await showReviews(users, [review], signal);
  return shown ?? { review, customer: undefined, vendor: undefined };
}
