import { type ShownUser, type Users, withUsers } from '@rollcall/user-access';

/** The fields that a caller sets. */
export interface ReviewTerms {
  /** 1 to 5. */
  readonly rating: number;
  readonly text: string;
}

/** A review to create. */
export interface NewReview extends ReviewTerms {
  /** A lower-case UUID. */
  readonly bookingId: string;
}

/** A review. */
export interface Review extends NewReview {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  /** The author: the user of the booking. */
  readonly customerId: string;
  /** The vendor's user, the subject of the review. */
  readonly vendorId: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** A review with its author and the vendor's user. */
export interface ReviewWithUsers {
  readonly review: Review;
  readonly customer: ShownUser | undefined;
  readonly vendor: ShownUser | undefined;
}

/** Adds users to reviews of one tenant, by one lookup. */
export async function reviewsWithUsers(
  users: Users,
  reviews: readonly Review[],
  signal: AbortSignal,
): Promise<ReviewWithUsers[]> {
  const tenantId = reviews[0]?.tenantId ?? '';
  const columns = {
    customer: ({ customerId }: Review) => customerId,
    vendor: ({ vendorId }: Review) => vendorId,
  };
  const shown = await withUsers(users, reviews, { tenantId, columns, signal });
  return shown.map(({ row, users: { customer, vendor } }) => ({ review: row, customer, vendor }));
}

/** Adds users to one review. */
export async function reviewWithUsers(
  users: Users,
  review: Review,
  signal: AbortSignal,
): Promise<ReviewWithUsers> {
  const [shown] = await reviewsWithUsers(users, [review], signal);
  return shown ?? { review, customer: undefined, vendor: undefined };
}
