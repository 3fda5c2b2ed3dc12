// Things to do after a transaction, at least once: kept in the service's own database, done by graphile-worker.

export type { JsonValue, OutboxCall, OutboxJob, OutboxPayload, OutboxTask } from './job.ts';
export { addJobs, OutboxRefusedError, OutboxUnreachableError, type RunStatement } from './job.ts';
export { createDeadJobs, type DeadJob, type DeadJobs } from './maintenance.ts';
export { type Outbox, type OutboxOptions, startOutbox } from './outbox.ts';
export { installOutbox } from './schema.ts';
