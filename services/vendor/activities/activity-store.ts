import type { VendorUserActivity } from '../outbox/user-activity.ts';
import type { ListPosition } from '../page.ts';
import type { VerificationState } from '../vendors/vendor.ts';
import type { EarlierWrite, WriteRequest } from '../write-request.ts';
import type { Activity, ActivityState, ActivityTerms } from './activity.ts';

/** A list of activities, newest first. */
export interface ActivityList {
  readonly tenantId: string;
  /** Null: of all vendors. */
  readonly vendorId: string | null;
  /** Empty: in any state. */
  readonly states: readonly ActivityState[];
  readonly limit: number;
  /** Start behind this position. Absent: start at the newest. */
  readonly after?: ListPosition;
}

/** Reads activities. Ids are in lower case. */
export interface ActivityReads {
  /** Returns the activity, or undefined. */
  find(tenantId: string, id: string): Promise<Activity | undefined>;
  /** Returns activities by `createTime` and then id, both descending. */
  list(list: ActivityList): Promise<Activity[]>;
}

/** The vendor of an activity, with the fields that decide whether it may publish. */
export interface OfferingVendor {
  readonly id: string;
  readonly userId: string;
  readonly verificationState: VerificationState;
}

/** An activity to insert, and the activity of its vendor's user to report. */
export interface NewActivity {
  readonly activity: Activity;
  readonly userActivity: VendorUserActivity;
}

/** Writes activities. Each write locks the vendor, so its verification state cannot change meanwhile. */
export interface ActivityWrites {
  /** Returns what an earlier call with this request id made, or undefined. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierWrite<Activity> | undefined>;
  /**
   * Inserts an activity and its request id, and enqueues the report.
   * @param make creates the activity of the locked vendor; a throw rolls back
   * @returns the activity; 'no_vendor', or 'request_used' when the request id is taken, and nothing is
   * written
   */
  insert(
    of: { tenantId: string; vendorId: string; request: WriteRequest | undefined },
    make: (vendor: OfferingVendor) => NewActivity,
  ): Promise<Activity | 'no_vendor' | 'request_used'>;
  /**
   * Locks and changes an activity, and returns the changed one, or undefined for an unknown id.
   * @param decide returns the changes of the locked activity, or undefined for none; a throw rolls back
   */
  change(
    tenantId: string,
    id: string,
    decide: (activity: Activity, vendor: OfferingVendor) => Partial<ActivityTerms> | undefined,
  ): Promise<Activity | undefined>;
}
