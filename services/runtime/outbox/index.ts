// Things to do after a transaction, at least once: kept in the service's own database, done by graphile-worker.
export { addJobs, type RunStatement } from './add-jobs.ts';
export { createDeadJobs, type DeadJob, type DeadJobs } from './dead-jobs.ts';
export { installOutbox } from './install-outbox.ts';
export { type Outbox, type OutboxOptions, startOutbox } from './outbox.ts';
export { OutboxAwayError, OutboxRefusedError } from './outbox-error.ts';
export type { JsonValue, OutboxCall, OutboxJob, OutboxPayload, OutboxTask } from './outbox-job.ts';
