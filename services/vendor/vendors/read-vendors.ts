import type { UserAliases, Users } from '@rollcall/user-access';
import { VendorError, vendorNotFound } from '../errors.ts';
import { maxRowBytes, type Page, toPage } from '../page.ts';
import { type Vendor, type VendorWithUser, vendorsWithUsers } from './vendor.ts';
import type { VendorList, VendorReads } from './vendor-store.ts';

interface GetVendorPorts {
  readonly reads: VendorReads;
  readonly users: Users;
  readonly aliases: UserAliases;
}

/** The id of a vendor, or of its user. */
export type VendorKey = { readonly id: string } | { readonly userId: string };

/**
 * Returns a vendor with its user.
 * @throws VendorError VENDOR_NOT_FOUND
 */
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
 * Finds the vendor of a user. Two vendors whose users were merged are preferred in this order: the requested
 * user, the survivor, the older vendor. Only the user service knows merges from before this service had rows
 * of the user.
 */
async function findByUser(
  ports: GetVendorPorts,
  { tenantId, userId, signal }: UserKey,
): Promise<Vendor | undefined> {
  const { aliases, users } = ports;
  const found = await findOne(ports, {
    tenantId,
    userId,
    survivor: await aliases.survivorOf(tenantId, userId),
  });
  if (found) return found;
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
  const vendors = await reads.findByUsers(tenantId, [...ids]);
  const ofUser = (id: string) => vendors.find((each) => each.userId === id);
  return ofUser(userId) ?? ofUser(survivor) ?? vendors[0];
}

function noVendorOf(tenantId: string, userId: string): VendorError {
  return new VendorError('VENDOR_NOT_FOUND', `Tenant ${tenantId} has no vendor who is user ${userId}.`, {
    tenant_id: tenantId,
    user_id: userId,
  });
}

/**
 * Returns a page of vendors with their users. A page is shorter than its limit when one response cannot hold
 * it.
 */
export async function listVendors(
  reads: VendorReads,
  users: Users,
  { signal, ...list }: VendorList & { signal: AbortSignal },
): Promise<Page<VendorWithUser>> {
  // One row more than the limit shows whether a next page exists.
  const found = await reads.list({ ...list, limit: list.limit + 1 });
  const { rows, next } = toPage(found, list.limit, maxVendorBytes);
  return { rows: await vendorsWithUsers(users, rows, signal), ...(next && { next }) };
}

// Two tags and four lengths of each area.
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
