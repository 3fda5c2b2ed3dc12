import { type KnownUser, type Users, withUsers } from '@rollcall/user-access';
import type { Activity } from './activity.ts';

/** An activity and its vendor's user. */
export interface ShownActivity {
  readonly activity: Activity;
  readonly user: KnownUser | undefined;
}

/** Puts their vendors' users beside activities of one tenant, all of them by one lookup of the REFERENCE view. */
export async function withVendorUser(
  users: Users,
  activities: readonly Activity[],
  signal: AbortSignal,
): Promise<ShownActivity[]> {
  const tenantId = activities[0]?.tenantId ?? '';
  const columns = { vendor: ({ userId }: Activity) => userId };
  const shown = await withUsers(users, activities, { tenantId, columns, signal });
  return shown.map((each) => ({ activity: each.row, user: each.users.vendor }));
}
