/** Counters of a client since it was created. Values only grow. */
export interface ClientCounters {
  /** Ids answered from a fresh entry. */
  hits: number;
  /** Ids for which a read was started. */
  misses: number;
  /** Ids that joined a read in flight. */
  coalesced: number;
  /** Background reads of users in use, before they were stale. Not among `misses`. */
  refreshes: number;
  /** Entries that a change raised to its version without a read, because their view does not show it. */
  raised: number;
  /** Ids answered from before an outage, from memory or the snapshot. */
  stale: number;
  /** Ids without an answer, because the service could not be asked. */
  unavailable: number;
  /** Answers that were not kept: something newer was known, or the id was invalidated meanwhile. */
  discarded: number;
  /** BatchGetUsers calls, including those that the breaker refused. */
  batches: number;
  /** Ids in these calls. */
  batchedIds: number;
}

export function createCounters(): ClientCounters {
  return {
    hits: 0,
    misses: 0,
    coalesced: 0,
    refreshes: 0,
    raised: 0,
    stale: 0,
    unavailable: 0,
    discarded: 0,
    batches: 0,
    batchedIds: 0,
  };
}
