import type { ShownUser } from '@rollcall/user-access';

/** How far a vendor has been checked. */
export type VerificationState = 'UNVERIFIED' | 'SUBMITTED' | 'VERIFIED' | 'REJECTED' | 'SUSPENDED';

/** A place where a vendor works. */
export interface ServiceArea {
  /** ISO 3166-1 code, upper case. */
  readonly countryCode: string;
  /** Empty: all of the country. */
  readonly region: string;
  /** Empty: any. */
  readonly postalCodePrefix: string;
}

/** What a vendor says of itself, and can change. */
export interface VendorProfile {
  /** Empty: none was given. */
  readonly businessLicense: string;
  readonly serviceAreas: readonly ServiceArea[];
}

/** How far a vendor has been checked, since when, and why. */
export interface Verification {
  readonly verificationState: VerificationState;
  readonly verificationNote: string;
  /** Null: it is not verified. */
  readonly verifyTime: Date | null;
}

/** A business, run by a user. Its names and ratings are the user's. */
export interface Vendor extends VendorProfile, Verification {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  /** Lower-case UUID of the user service. */
  readonly userId: string;
  /** Starts at 1 and grows by one with each change. */
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** The opaque fingerprint of a version of a vendor. */
export function etagOf({ version }: Vendor): string {
  return `v${version}`;
}

/**
 * How vendors learn who their users are: in the REFERENCE view, which shows names and ratings, and no contact data.
 */
export interface VendorUsers {
  /** What is known of each of these ids, which are distinct. The user service being away is told as an outcome. */
  lookUp(
    tenantId: string,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ShownUser>>;
}

/** A vendor and its user. */
export interface VendorWithUser {
  readonly vendor: Vendor;
  readonly user: ShownUser | undefined;
}

/** Puts users beside vendors of one tenant, all of them by one lookup. */
export async function vendorsWithUsers(
  users: VendorUsers,
  vendors: readonly Vendor[],
  signal: AbortSignal,
): Promise<VendorWithUser[]> {
  const [first] = vendors;
  if (!first) return [];
  const ids = [...new Set(vendors.map(({ userId }) => userId))];
  const known = await users.lookUp(first.tenantId, ids, signal);
  return vendors.map((vendor) => ({ vendor, user: known.get(vendor.userId) }));
}
