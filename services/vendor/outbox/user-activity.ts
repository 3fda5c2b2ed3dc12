import { addJobs } from '@rollcall/runtime/outbox';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import { activityJob } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';

/** An activity of a vendor's user, for the user's timeline. */
export interface VendorUserActivity {
  readonly userId: string;
  /** The service's own name for the activity: `vendor.verified`. */
  readonly kind: string;
  readonly time: Date;
  /**
   * One line to show, at most 500 characters. Never text that a person wrote, because a job may outlast the
   * person's erasure.
   */
  readonly summary: string;
  /** Ids and states by name. Never text that a person wrote. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Enqueues the report of an activity in the transaction of `run`. */
export async function enqueueUserActivity(
  run: RunPrepared,
  tenantId: string,
  userActivity: VendorUserActivity,
): Promise<void> {
  const { userId, ...activity } = userActivity;
  const job = activityJob({ tenantId, userId, requestId: uuidv7(), activity });
  await addJobs((text, values) => run({ name: 'outbox_add_jobs', text }, values), [job]);
}
