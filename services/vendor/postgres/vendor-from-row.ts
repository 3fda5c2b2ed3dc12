import type { ServiceArea, Vendor, VerificationState } from '../vendors/vendor.ts';

/** A row of `vendors`. */
export interface VendorRow {
  tenant_id: string;
  id: string;
  user_id: string;
  business_license: string;
  service_areas: ServiceArea[];
  verification_state: VerificationState;
  verification_note: string;
  verify_time: Date | null;
  version: string;
  create_time: Date;
  update_time: Date;
}

/** What is selected of `vendors v`. */
export const VENDOR_COLUMNS = `v.tenant_id, v.id, v.user_id, v.business_license, v.service_areas, v.verification_state,
  v.verification_note, v.verify_time, v.version, v.create_time, v.update_time`;

/** A row as a vendor of the domain. */
export function vendorFromRow(row: VendorRow): Vendor {
  return {
    tenantId: row.tenant_id,
    id: row.id,
    userId: row.user_id,
    businessLicense: row.business_license,
    serviceAreas: row.service_areas,
    verificationState: row.verification_state,
    verificationNote: row.verification_note,
    verifyTime: row.verify_time,
    version: BigInt(row.version),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
