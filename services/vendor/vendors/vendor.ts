import { type ShownUser, type Users, withUsers } from '@rollcall/user-access';

/** The state of a vendor's verification by staff. */
export type VerificationState = 'UNVERIFIED' | 'SUBMITTED' | 'VERIFIED' | 'REJECTED' | 'SUSPENDED';

/** A place where a vendor works. */
export interface ServiceArea {
  /** ISO 3166-1 code, upper case. */
  readonly countryCode: string;
  /** Empty: the whole country. */
  readonly region: string;
  /** Empty: any. */
  readonly postalCodePrefix: string;
}

/** The fields that a vendor sets itself. */
export interface VendorProfile {
  /** Empty: not given. */
  readonly businessLicense: string;
  readonly serviceAreas: readonly ServiceArea[];
}

/** The verification of a vendor: its state, the reason and the time. */
export interface Verification {
  readonly verificationState: VerificationState;
  readonly verificationNote: string;
  /** Null: not verified. */
  readonly verifyTime: Date | null;
}

/** A business of a user. Names and ratings are those of the user. */
export interface Vendor extends VendorProfile, Verification {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  /** The vendor's user: a lower-case UUID of the user service. */
  readonly userId: string;
  /** Starts at 1 and grows by one with each change. */
  readonly version: bigint;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** Returns the etag of a vendor's version. */
export function etagOf({ version }: Vendor): string {
  return `v${version}`;
}

/** A vendor and its user. */
export interface VendorWithUser {
  readonly vendor: Vendor;
  readonly user: ShownUser | undefined;
}

/** Adds users to vendors of one tenant, by one lookup in the REFERENCE view. */
export async function vendorsWithUsers(
  users: Users,
  vendors: readonly Vendor[],
  signal: AbortSignal,
): Promise<VendorWithUser[]> {
  const tenantId = vendors[0]?.tenantId ?? '';
  const columns = { user: ({ userId }: Vendor) => userId };
  const shown = await withUsers(users, vendors, { tenantId, columns, signal });
  return shown.map(({ row, users: { user } }) => ({ vendor: row, user }));
}
