// Public API of @rollcall/runtime/outbox: jobs that run after a transaction, at least once, kept in the
// database of the service and run by graphile-worker.

export type { JsonValue, OutboxCall, OutboxJob, OutboxPayload, OutboxTask } from './job.ts';
export { addJobs, OutboxRefusedError, OutboxUnreachableError, type RunStatement } from './job.ts';
export { createDeadJobs, type DeadJob, type DeadJobs } from './maintenance.ts';
export { type Outbox, type OutboxOptions, startOutbox } from './outbox.ts';
export { installOutbox } from './schema.ts';
