import type { KnownUser } from '@rollcall/user-access';
import type { Vendor } from './vendor.ts';

/**
 * How vendors learn who their users are: in the REFERENCE view, which shows names and ratings, and no contact data.
 */
export interface VendorUsers {
  /** What is known of each of these ids, which are distinct. The user service being away is told as an outcome. */
  lookUp(
    tenantId: string,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, KnownUser>>;
}

/** A vendor and its user. */
export interface ShownVendor {
  readonly vendor: Vendor;
  readonly user: KnownUser | undefined;
}

/** Puts users beside vendors of one tenant, all of them by one lookup. */
export async function withVendorUsers(
  users: VendorUsers,
  vendors: readonly Vendor[],
  signal: AbortSignal,
): Promise<ShownVendor[]> {
  const [first] = vendors;
  if (!first) return [];
  const ids = [...new Set(vendors.map(({ userId }) => userId))];
  const known = await users.lookUp(first.tenantId, ids, signal);
  return vendors.map((vendor) => ({ vendor, user: known.get(vendor.userId) }));
}
