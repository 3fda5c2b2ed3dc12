import type { Users } from '@rollcall/user-access';
import { activityNotFound } from '../errors.ts';
import type { ActivityReads } from './activity-reads.ts';
import { type ShownActivity, withVendorUser } from './shown-activity.ts';

/** One activity with its vendor's user. Throws VendorError ACTIVITY_NOT_FOUND. */
export async function getActivity(
  reads: ActivityReads,
  users: Users,
  { tenantId, id, signal }: { tenantId: string; id: string; signal: AbortSignal },
): Promise<ShownActivity> {
  const activity = await reads.find(tenantId, id);
  const [shown] = activity ? await withVendorUser(users, [activity], signal) : [];
  if (shown) return shown;
  throw activityNotFound(tenantId, id);
}
