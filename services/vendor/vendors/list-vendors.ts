import { type ListPosition, mostBytesWith, toPage } from '../page.ts';
import type { Vendor } from './vendor.ts';
import type { VendorList, VendorReads } from './vendor-reads.ts';
import { type ShownVendor, type VendorUsers, withVendorUsers } from './vendor-users.ts';

/** One page of vendors. */
export interface VendorPage {
  readonly vendors: readonly ShownVendor[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: ListPosition;
}

/** One page of vendors with their users, of whom all are looked up at once. Shorter than asked for where an answer cannot hold it. */
export async function listVendors(
  reads: VendorReads,
  users: VendorUsers,
  { signal, ...list }: VendorList & { signal: AbortSignal },
): Promise<VendorPage> {
  // One more than asked for tells whether there is a next page.
  const found = await reads.list({ ...list, limit: list.limit + 1 });
  const { rows, next } = toPage(found, list.limit, mostBytesOf);
  return { vendors: await withVendorUsers(users, rows, signal), ...(next && { next }) };
}

// What stands around each area: two tags and four lengths.
const AREA_FRAME = '          ';

function mostBytesOf({ serviceAreas, businessLicense, verificationNote }: Vendor): number {
  const areas = serviceAreas.flatMap(({ countryCode, region, postalCodePrefix }) => [
    countryCode,
    region,
    postalCodePrefix,
    AREA_FRAME,
  ]);
  return mostBytesWith([businessLicense, verificationNote, ...areas]);
}
