import type { VendorUserActivity } from '../outbox/user-activity.ts';
import type { ListPosition } from '../page.ts';
import type { EarlierWrite, WriteRequest } from '../write-request.ts';
import type { Vendor, VendorProfile, Verification, VerificationState } from './vendor.ts';

/** A list of vendors, newest first. */
export interface VendorList {
  readonly tenantId: string;
  /** Empty: in any state. */
  readonly states: readonly VerificationState[];
  /** Only vendors with a service area in this country. Null: in any. */
  readonly countryCode: string | null;
  readonly limit: number;
  /** Start behind this position. Absent: start at the newest. */
  readonly after?: ListPosition;
}

/** Reads vendors. Ids are in lower case. */
export interface VendorReads {
  /** Returns the vendor, or undefined. */
  find(tenantId: string, id: string): Promise<Vendor | undefined>;
  /** Returns the vendors of these users, the oldest first. */
  findByUsers(tenantId: string, userIds: readonly string[]): Promise<Vendor[]>;
  /** Returns vendors by `createTime` and then id, both descending. */
  list(list: VendorList): Promise<Vendor[]>;
}

/** A change of a vendor, and the activity of its user to report. */
export interface VendorChange {
  readonly values: Partial<VendorProfile & Verification>;
  /** Enqueued in the transaction of the change. */
  readonly userActivity?: VendorUserActivity;
}

/** Writes vendors. */
export interface VendorWrites {
  /** Returns what an earlier call with this request id made, or undefined. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierWrite<Vendor> | undefined>;
  /**
   * Inserts a vendor and its request id, and enqueues the report. Returns false and writes nothing when the
   * user is a vendor or the request id is taken. A concurrent insert of either is waited for.
   */
  insert(
    vendor: Vendor,
    context: { request: WriteRequest | undefined; userActivity: VendorUserActivity },
  ): Promise<boolean>;
  /**
   * Locks and changes a vendor, and returns the changed one, or undefined for an unknown id. The activities
   * of a vendor that is no longer VERIFIED become DRAFT.
   * @param decide returns the change of the locked vendor, or undefined for none; a throw rolls back
   */
  change(
    tenantId: string,
    id: string,
    decide: (vendor: Vendor) => VendorChange | undefined,
  ): Promise<Vendor | undefined>;
}
