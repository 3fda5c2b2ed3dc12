import type { Users } from '@rollcall/user-access';
import { activityNotFound } from '../errors.ts';
import { type ListPosition, maxRowBytes, toPage } from '../page.ts';
import { type ActivityWithUser, activitiesWithUsers } from './activity.ts';
import type { ActivityList, ActivityReads } from './activity-store.ts';

/**
 * Returns an activity with its vendor's user.
 * @throws VendorError ACTIVITY_NOT_FOUND
 */
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

/** One page of a list. */
interface ActivityPage {
  readonly activities: readonly ActivityWithUser[];
  /** Position of the last row. Absent: this is the last page. */
  readonly next?: ListPosition;
}

/**
 * Returns a page of activities with their vendors' users. A page is shorter than its limit when one response
 * cannot hold it.
 */
export async function listActivities(
  reads: ActivityReads,
  users: Users,
  { signal, ...list }: ActivityList & { signal: AbortSignal },
): Promise<ActivityPage> {
  // One row more than the limit shows whether a next page exists.
  const found = await reads.list({ ...list, limit: list.limit + 1 });
  const { rows, next } = toPage(found, list.limit, ({ title, description }) =>
    maxRowBytes([title, description]),
  );
  return { activities: await activitiesWithUsers(users, rows, signal), ...(next && { next }) };
}
