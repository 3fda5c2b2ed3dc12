import type { VendorUserActivity } from '../outbox/user-activity.ts';
import type { ListPosition } from '../page.ts';
import type { VerificationState } from '../vendors/vendor.ts';
import type { EarlierWrite, WriteRequest } from '../write-request.ts';
import type { Activity, ActivityState, ActivityTerms } from './activity.ts';

/** Which activities to list: newest first. */
export interface ActivityList {
  readonly tenantId: string;
  /** Only those of this vendor; null: of all. */
  readonly vendorId: string | null;
  /** Only those in one of these; empty: in any. */
  readonly states: readonly ActivityState[];
  readonly limit: number;
  /** Begin behind this place; absent: at the newest. */
  readonly after?: ListPosition;
}

/** How activities are read. Ids are in lower case. */
export interface ActivityReads {
  /** The activity, or undefined. */
  find(tenantId: string, id: string): Promise<Activity | undefined>;
  /** Activities by `createTime` and then id, both descending. */
  list(list: ActivityList): Promise<Activity[]>;
}

/** The vendor that offers something, as far as that matters for it. */
export interface OfferingVendor {
  readonly id: string;
  readonly userId: string;
  readonly verificationState: VerificationState;
}

/** An activity to add, and what its vendor's user hears of it. */
export interface NewActivity {
  readonly activity: Activity;
  readonly userActivity: VendorUserActivity;
}

/** How activities are written. While one is, its vendor's verification stays as it is. */
export interface ActivityWrites {
  /** What this request id made before; undefined: it is new. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierWrite<Activity> | undefined>;
  /**
   * Adds an activity of a vendor, noted as the work of `request`, and tells the vendor's user.
   * @param make given the vendor. What it throws is thrown on.
   * @returns the activity; 'no_vendor', or 'request_used' where the request's id was used already, and nothing is added or told
   */
  insert(
    of: { tenantId: string; vendorId: string; request: WriteRequest | undefined },
    make: (vendor: OfferingVendor) => NewActivity,
  ): Promise<Activity | 'no_vendor' | 'request_used'>;
  /**
   * Changes an activity that nobody else can change meanwhile, and answers it as it is then; undefined: there is none.
   * @param decide given the activity as it is, and its vendor; undefined: nothing changes. What it throws is thrown on.
   */
  change(
    tenantId: string,
    id: string,
    decide: (activity: Activity, vendor: OfferingVendor) => Partial<ActivityTerms> | undefined,
  ): Promise<Activity | undefined>;
}
