import { type ShownUser, type Users, withUsers } from '@rollcall/user-access';

/** Only a PUBLISHED activity can be booked. */
export type ActivityState = 'DRAFT' | 'PUBLISHED' | 'ARCHIVED';

/** An amount in the smallest unit of its currency. */
export interface Money {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** The fields that a caller sets. */
export interface ActivityTerms {
  /** Never empty. */
  readonly title: string;
  readonly description: string;
  /** Not negative. Null: the price is on request. */
  readonly price: Money | null;
  /** 0: not fixed. */
  readonly durationMinutes: number;
  /** Most participants at once. 0: no limit. */
  readonly capacity: number;
  readonly state: ActivityState;
}

/** An offer of a vendor. */
export interface Activity extends ActivityTerms {
  readonly tenantId: string;
  /** UUIDv7. */
  readonly id: string;
  readonly vendorId: string;
  /** The vendor's user: a lower-case UUID of the user service. */
  readonly userId: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** An activity and its vendor's user. */
export interface ActivityWithUser {
  readonly activity: Activity;
  readonly user: ShownUser | undefined;
}

/** Adds the vendor's users to activities of one tenant, by one lookup in the REFERENCE view. */
export async function activitiesWithUsers(
  users: Users,
  activities: readonly Activity[],
  signal: AbortSignal,
): Promise<ActivityWithUser[]> {
  const tenantId = activities[0]?.tenantId ?? '';
  const columns = { vendor: ({ userId }: Activity) => userId };
  const shown = await withUsers(users, activities, { tenantId, columns, signal });
  return shown.map((each) => ({ activity: each.row, user: each.users.vendor }));
}
