import type { TimePosition } from '../time-position.ts';
import type { Review } from './review.ts';

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
