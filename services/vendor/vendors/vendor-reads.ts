import type { ListPosition } from '../page.ts';
import type { Vendor, VerificationState } from './vendor.ts';

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
