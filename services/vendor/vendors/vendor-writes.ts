import type { UserEvent } from '../outbox/user-event.ts';
import type { EarlierWrite, WriteRequest } from '../write-request.ts';
import type { Vendor, VendorProfile, Verification } from './vendor.ts';

/** What is to change of a vendor, and who is to hear of it. */
export interface VendorChange {
  readonly values: Partial<VendorProfile & Verification>;
  /** Leaves with the change or not at all. */
  readonly event?: UserEvent;
}

/** How vendors are written. */
export interface VendorWrites {
  /** What this request id made before; undefined: it is new. */
  findByRequest(tenantId: string, requestId: string): Promise<EarlierWrite<Vendor> | undefined>;
  /**
   * Adds a vendor, noted as the work of `request`, and tells its user. False, and nothing is added or told: the user is a vendor
   * or the request's id was used already, both of which are waited for where another caller is about to add them.
   */
  insert(vendor: Vendor, told: { request: WriteRequest | undefined; event: UserEvent }): Promise<boolean>;
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
