import type { Users } from '@rollcall/user-access';
import { activityNotFound } from '../errors.ts';
import { type ListPosition, maxRowBytes, toPage } from '../page.ts';
import { type ActivityWithUser, activitiesWithUsers } from './activity.ts';
import type { ActivityList, ActivityReads } from './activity-store.ts';

/** One activity with its vendor's user. Throws VendorError ACTIVITY_NOT_FOUND. */
export async function getActivity(
  reads: ActivityReads,
  users: Users,
  { tenantId, id, signal }: { tenantId: string; id: string; signal: AbortSignal },
): Promise<ActivityWithUser> {
  const activity = await reads.find(tenantId, id);
  const [shown] = activity ? await activitiesWithUsers(users, [activity], signal) : [];
  if (shown) return shown;
  throw activityNotFound(tenantId, id);
}

/** One page of activities. */
interface ActivityPage {
  readonly activities: readonly ActivityWithUser[];
  /** Where the next page begins; absent: this was the last. */
  readonly next?: ListPosition;
}

/** One page of activities with their vendors' users. Shorter than asked for where an answer cannot hold it. */
export async function listActivities(
  reads: ActivityReads,
  users: Users,
  { signal, ...list }: ActivityList & { signal: AbortSignal },
): Promise<ActivityPage> {
  // One more than asked for tells whether there is a next page.
  const found = await reads.list({ ...list, limit: list.limit + 1 });
  const { rows, next } = toPage(found, list.limit, ({ title, description }) =>
    maxRowBytes([title, description]),
  );
  return { activities: await activitiesWithUsers(users, rows, signal), ...(next && { next }) };
}
