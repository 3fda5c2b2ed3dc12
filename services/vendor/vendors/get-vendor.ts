import { VendorError, vendorNotFound } from '../vendor-error.ts';
import type { UserAliases } from './user-aliases.ts';
import type { Vendor } from './vendor.ts';
import type { VendorReads } from './vendor-reads.ts';
import { type ShownVendor, type VendorUsers, withVendorUsers } from './vendor-users.ts';

/** What GetVendor works with. */
export interface GetVendorPorts {
  readonly reads: VendorReads;
  readonly users: VendorUsers;
  readonly aliases: UserAliases;
}

/** Which vendor: by its own id, or by that of its user. */
export type VendorKey = { readonly id: string } | { readonly userId: string };

/** One vendor with its user. Throws VendorError VENDOR_NOT_FOUND. */
export async function getVendor(
  { reads, users, aliases }: GetVendorPorts,
  { tenantId, key, signal }: { tenantId: string; key: VendorKey; signal: AbortSignal },
): Promise<ShownVendor> {
  const vendor =
    'id' in key
      ? await reads.find(tenantId, key.id)
      : await findByUser({ reads, aliases }, tenantId, key.userId);
  const [shown] = vendor ? await withVendorUsers(users, [vendor], signal) : [];
  if (shown) return shown;
  throw 'id' in key ? vendorNotFound(tenantId, key.id) : noVendorOf(tenantId, key.userId);
}

/** Of two who were vendors before they became one: the one asked for, then the one that survived, then the older. */
async function findByUser(
  { reads, aliases }: Pick<GetVendorPorts, 'reads' | 'aliases'>,
  tenantId: string,
  userId: string,
): Promise<Vendor | undefined> {
  const survivor = await aliases.survivorOf(tenantId, userId);
  const ids = new Set([userId, ...(await aliases.allIdsOf(tenantId, [survivor]))]);
  const found = await reads.findByUsers(tenantId, [...ids]);
  return (
    found.find((each) => each.userId === userId) ?? found.find((each) => each.userId === survivor) ?? found[0]
  );
}

function noVendorOf(tenantId: string, userId: string): VendorError {
  return new VendorError('VENDOR_NOT_FOUND', `Tenant ${tenantId} has no vendor who is user ${userId}.`, {
    tenant_id: tenantId,
    user_id: userId,
  });
}
