import type { VendorUserActivity } from '../outbox/user-activity.ts';
import type { ListPosition } from '../page.ts';
import type { EarlierWrite, WriteRequest } from '../write-request.ts';
import type { Vendor, VendorProfile, Verification, VerificationState } from './vendor.ts';

/** Which vendors to list: newest first. */
export interface VendorList {
  readonly tenantId: string;
  /** Only those in one of these; empty: in any. */
  readonly states: readonly VerificationState[];
  /** Only those that work in this country; null: anywhere. */
  readonly countryCode: string | null;
  readonly limit: number;
  /** Begin behind this place; absent: at the newest. */
  readonly after?: ListPosition;
}

/** How vendors are read. Ids are in lower case. */
export interface VendorReads {
  /** The vendor, or undefined. */
  find(tenantId: string, id: string): Promise<Vendor | undefined>;
  /** The vendors of these users, the oldest first. */
  findByUsers(tenantId: string, userIds: readonly string[]): Promise<Vendor[]>;
  /** Vendors by `createTime` and then id, both descending. */
  list(list: VendorList): Promise<Vendor[]>;
}

/** What is to change of a vendor, and who is to hear of it. */
export interface VendorChange {
  readonly values: Partial<VendorProfile & Verification>;
  /** Leaves with the change or not at all. */
  readonly userActivity?: VendorUserActivity;
}

/** How vendors are written. */
export interface VendorWrites {
  /** What this request id made before; undefined: it is new. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierWrite<Vendor> | undefined>;
  /**
   * Adds a vendor, noted as the work of `request`, and tells its user. False, and nothing is added or told: the user is a vendor
   * or the request's id was used already, both of which are waited for where another caller is about to add them.
   */
  insert(
    vendor: Vendor,
    told: { request: WriteRequest | undefined; event: VendorUserActivity },
  ): Promise<boolean>;
  /**
   * Changes a vendor that nobody else can change meanwhile, and answers it as it is then; undefined: there is none. What it had
   * published becomes DRAFT where it is no longer verified.
   * @param decide given the vendor as it is; undefined: nothing changes. What it throws is thrown on.
   */
  change(
    tenantId: string,
    id: string,
    decide: (vendor: Vendor) => VendorChange | undefined,
  ): Promise<Vendor | undefined>;
}
