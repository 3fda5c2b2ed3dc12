// Things to do after a transaction, at least once: kept in the service's own database, done by graphile-worker.
export { addJobs, type RunStatement } from './outbox/add-jobs.ts';
export { createDeadJobs, type DeadJob, type DeadJobs } from './outbox/dead-jobs.ts';
export { installOutbox } from './outbox/install-outbox.ts';
export { type Outbox, type OutboxOptions, startOutbox } from './outbox/outbox.ts';
export { OutboxAwayError, OutboxRefusedError } from './outbox/outbox-error.ts';
export type { JsonValue, OutboxCall, OutboxJob, OutboxPayload, OutboxTask } from './outbox/outbox-job.ts';
