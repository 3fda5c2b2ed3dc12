import { isDeepStrictEqual } from 'node:util';
import { activityNotFound } from '../errors.ts';
import type { Activity, ActivityTerms } from './activity.ts';
import type { ActivityWrites } from './activity-writes.ts';
import { requireVerified } from './require-verified.ts';

/** The change to make. */
export interface UpdateActivityCommand {
  readonly tenantId: string;
  readonly id: string;
  readonly changes: Partial<ActivityTerms>;
}

/** Changes an activity; nothing where it is so already. Throws VendorError ACTIVITY_NOT_FOUND, VENDOR_NOT_VERIFIED. */
export async function updateActivity(
  writes: ActivityWrites,
  { tenantId, id, changes }: UpdateActivityCommand,
): Promise<Activity> {
  const activity = await writes.change(tenantId, id, (current, vendor) => {
    requireVerified(vendor, changes.state ?? current.state);
    const isNew = Object.entries(changes).some(
      ([field, value]) => !isDeepStrictEqual(value, current[field as keyof ActivityTerms]),
    );
    return isNew ? changes : undefined;
  });
  if (activity) return activity;
  throw activityNotFound(tenantId, id);
}
