import { isDeepStrictEqual } from 'node:util';
import { VendorError, vendorNotFound } from '../errors.ts';
import { etagOf, type Vendor, type VendorProfile } from './vendor.ts';
import type { VendorWrites } from './vendor-store.ts';

interface UpdateVendorCommand {
  readonly tenantId: string;
  readonly id: string;
  readonly changes: Partial<VendorProfile>;
  /** The etag that the vendor must have. Empty: any. */
  readonly etag: string;
}

/**
 * Changes the given profile fields of a vendor. Equal values change nothing.
 * @throws VendorError VENDOR_NOT_FOUND, ETAG_MISMATCH
 */
export async function updateVendor(
  writes: VendorWrites,
  { tenantId, id, changes, etag }: UpdateVendorCommand,
): Promise<Vendor> {
  const vendor = await writes.change(tenantId, id, (current) => {
    requireEtag(current, etag);
    const isNew = Object.entries(changes).some(
      ([field, value]) => !isDeepStrictEqual(value, current[field as keyof VendorProfile]),
    );
    return isNew ? { values: changes } : undefined;
  });
  if (vendor) return vendor;
  throw vendorNotFound(tenantId, id);
}

function requireEtag(vendor: Vendor, etag: string): void {
  const current = etagOf(vendor);
  if (etag === '' || etag === current) return;
  throw new VendorError(
    'ETAG_MISMATCH',
    `Vendor ${vendor.id} has changed since etag ${etag}; read it again.`,
    { id: vendor.id, etag, current_etag: current },
  );
}
