import { randomUUID } from 'node:crypto';
import { addJobs, type RunStatement } from '@rollcall/runtime/outbox';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import { activityJob, statisticsJob } from '@rollcall/user-access';
import type { UserReport } from './user-reports.ts';

/**
 * Writes down, in the transaction of a change, what the user service is to be told of it. Goes last: others who tell of the
 * same user wait for the end of the transaction, and users are taken in one order, so that no two wait for each other.
 */
export async function enqueueUserReports(run: RunPrepared, tellings: readonly UserReport[]): Promise<void> {
  const activities = tellings.flatMap(({ tenantId, userId, activity }) =>
    activity ? [activityJob({ tenantId, userId, requestId: randomUUID(), activity })] : [],
  );
  const figures = tellings
    .map(statisticsJob)
    .sort((one, other) => ((one.key ?? '') < (other.key ?? '') ? -1 : 1));
  // One text, so one name will do.
  const runStatement: RunStatement = (text, values) => run({ name: 'add_jobs', text }, values);
  await addJobs(runStatement, [...activities, ...figures]);
}
