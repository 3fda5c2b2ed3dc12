import { addJobs } from '@rollcall/runtime/outbox';
import type { OnChanges } from '../webhooks/apply/work-batch.ts';
import { paymentJobs } from './payment-jobs.ts';

/** Has others told of payments that changed, by jobs of the transaction that changes them; last in it. */
export const tellChanges: OnChanges = (run, changes) =>
  addJobs((text, values) => run({ name: 'outbox_add_jobs', text }, values), paymentJobs(changes, new Date()));
