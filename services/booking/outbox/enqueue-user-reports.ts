import { randomUUID } from 'node:crypto';
import { addJobs, type RunStatement } from '@rollcall/runtime/outbox';
import type { RunPrepared } from '@rollcall/runtime/postgres';
import { activityJob, statisticsJob } from '@rollcall/user-access';
import type { UserReport } from './user-reports.ts';

/**
 * Enqueues reports in the transaction of the change. Call it last: reports on one user wait for each other's
 * transaction, and the order of the keys prevents a deadlock.
 */
export async function enqueueUserReports(run: RunPrepared, reports: readonly UserReport[]): Promise<void> {
  const activities = reports.flatMap(({ tenantId, userId, activity }) =>
    activity ? [activityJob({ tenantId, userId, requestId: randomUUID(), activity })] : [],
  );
  const statistics = reports
    .map(statisticsJob)
    .sort((one, other) => ((one.key ?? '') < (other.key ?? '') ? -1 : 1));
  // The statement's text is constant, so one name serves all calls.
  const runStatement: RunStatement = (text, values) => run({ name: 'add_jobs', text }, values);
  await addJobs(runStatement, [...activities, ...statistics]);
}
