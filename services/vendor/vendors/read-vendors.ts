import type { UserAliases } from '@rollcall/user-access';
import { VendorError, vendorNotFound } from '../errors.ts';
import { type ListPosition, maxRowBytes, toPage } from '../page.ts';
import { type Vendor, type VendorUsers, type VendorWithUser, vendorsWithUsers } from './vendor.ts';
import type { VendorList, VendorReads } from './vendor-store.ts';

/** What GetVendor works with. */
interface GetVendorPorts {
  readonly reads: VendorReads;
  readonly users: VendorUsers;
  readonly aliases: UserAliases;
}

/** Which vendor: by its own id, or by that of its user. */
export type VendorKey = { readonly id: string } | { readonly userId: string };

/** One vendor with its user. Throws VendorError VENDOR_NOT_FOUND. */
export async function getVendor(
  ports: GetVendorPorts,
  { tenantId, key, signal }: { tenantId: string; key: VendorKey; signal: AbortSignal },
): Promise<VendorWithUser> {
  const vendor =
    'id' in key
      ? await ports.reads.find(tenantId, key.id)
      : await findByUser(ports, { tenantId, userId: key.userId, signal });
  const [shown] = vendor ? await vendorsWithUsers(ports.users, [vendor], signal) : [];
  if (shown) return shown;
  throw 'id' in key ? vendorNotFound(tenantId, key.id) : noVendorOf(tenantId, key.userId);
}

/**
 * Of two who were vendors before they became one: the one asked for, then the one that survived, then the older. Who was merged
 * before this service had any row of it is known to the user service only.
 */
async function findByUser(
  ports: GetVendorPorts,
  { tenantId, userId, signal }: UserKey,
): Promise<Vendor | undefined> {
  const { aliases, users } = ports;
  const heard = await findOne(ports, {
    tenantId,
    userId,
    survivor: await aliases.survivorOf(tenantId, userId),
  });
  if (heard) return heard;
  const known = (await users.lookUp(tenantId, [userId], signal)).get(userId);
  const survivor = known && 'user' in known ? known.user.id : userId;
  return survivor === userId ? undefined : findOne(ports, { tenantId, userId, survivor });
}

interface UserKey {
  readonly tenantId: string;
  readonly userId: string;
  readonly signal: AbortSignal;
}

async function findOne(
  { reads, aliases }: GetVendorPorts,
  { tenantId, userId, survivor }: { tenantId: string; userId: string; survivor: string },
): Promise<Vendor | undefined> {
  const ids = new Set([userId, ...(await aliases.allIdsOf(tenantId, [survivor]))]);
  const found = await reads.findByUsers(tenantId, [...ids]);
  const of = (id: string) => found.find((each) => each.userId === id);
  return of(userId) ?? of(survivor) ?? found[0];
}

function noVendorOf(tenantId: string, userId: string): VendorError {
  return new VendorError('VENDOR_NOT_FOUND', `Tenant ${tenantId} has no vendor who is user ${userId}.`, {
    tenant_id: tenantId,
    user_id: userId,
  });
}

/** One page of vendors. */
interface VendorPage {
  readonly vendors: readonly VendorWithUser[];
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
  const { rows, next } = toPage(found, list.limit, maxVendorBytes);
  return { vendors: await vendorsWithUsers(users, rows, signal), ...(next && { next }) };
}

// What stands around each area: two tags and four lengths.
const AREA_FRAME = '          ';

function maxVendorBytes({ serviceAreas, businessLicense, verificationNote }: Vendor): number {
  const areas = serviceAreas.flatMap(({ countryCode, region, postalCodePrefix }) => [
    countryCode,
    region,
    postalCodePrefix,
    AREA_FRAME,
  ]);
  return maxRowBytes([businessLicense, verificationNote, ...areas]);
}
