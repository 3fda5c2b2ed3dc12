import { addJobs } from '@rollcall/runtime/outbox';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import { activityJob } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';

/** Something that happened to a user here, for the user's timeline in the user service. */
export interface VendorUserActivity {
  readonly userId: string;
  /** By the service's own name for it: `vendor.verified`. */
  readonly kind: string;
  readonly time: Date;
  /** One line to show, at most 500 characters. Never what a person wrote: a job may wait long after the person is erased. */
  readonly summary: string;
  /** Ids and states of this service, by name. Never what a person wrote. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Has a user told of something, exactly when the transaction of `run` commits. */
export async function enqueueUserActivity(
  run: RunPrepared,
  tenantId: string,
  event: VendorUserActivity,
): Promise<void> {
  const { userId, ...activity } = event;
  const job = activityJob({ tenantId, userId, requestId: uuidv7(), activity });
  await addJobs((text, values) => run({ name: 'outbox_add_jobs', text }, values), [job]);
}
