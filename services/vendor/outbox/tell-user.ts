import { addJobs } from '@rollcall/runtime/outbox';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import { activityJob } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import type { UserEvent } from './user-event.ts';

/** Has a user told of something, exactly when the transaction of `run` commits. */
export async function tellUser(run: RunPrepared, tenantId: string, event: UserEvent): Promise<void> {
  const { userId, ...activity } = event;
  const job = activityJob({ tenantId, userId, requestId: uuidv7(), activity });
  await addJobs((text, values) => run({ name: 'outbox_add_jobs', text }, values), [job]);
}
