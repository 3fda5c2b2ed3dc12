import { type ShownUser, type Users, withUsers } from '@rollcall/user-access';

/** Whether an activity can be booked. */
export type ActivityState = 'DRAFT' | 'PUBLISHED' | 'ARCHIVED';

/** An amount in the smallest unit of its currency. */
export interface Money {
  /** ISO 4217, upper case. */
  readonly currencyCode: string;
  readonly minorUnits: bigint;
}

/** What a caller chooses of an activity. */
export interface ActivityTerms {
  /** Never empty. */
  readonly title: string;
  readonly description: string;
  /** Not below 0; null: it says so when asked. */
  readonly price: Money | null;
  /** 0: not fixed. */
  readonly durationMinutes: number;
  /** How many can take part at once; 0: not limited. */
  readonly capacity: number;
  readonly state: ActivityState;
}

/** Something that a vendor offers. */
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

/** Puts their vendors' users beside activities of one tenant, all of them by one lookup of the REFERENCE view. */
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
