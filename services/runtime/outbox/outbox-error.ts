/**
 * What a task throws where those whom it calls cannot be reached. The job keeps its attempts, and all jobs of its task wait a
 * while: an outage is no fault of theirs.
 */
export class OutboxAwayError extends Error {
  override readonly name = 'OutboxAwayError';
}

/** What a task throws where trying again cannot help: the job is dead at once, and stays to be seen and retried by hand. */
export class OutboxRefusedError extends Error {
  override readonly name = 'OutboxRefusedError';
}
