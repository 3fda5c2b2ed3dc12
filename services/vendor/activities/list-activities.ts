import type { Users } from '@rollcall/user-access';
import { type ListPosition, mostBytesWith, toPage } from '../page.ts';
import type { ActivityList, ActivityReads } from './activity-reads.ts';
import { type ShownActivity, withVendorUser } from './shown-activity.ts';

/** One page of activities. */
export interface ActivityPage {
  readonly activities: readonly ShownActivity[];
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
    mostBytesWith([title, description]),
  );
  return { activities: await withVendorUser(users, rows, signal), ...(next && { next }) };
}
