/** What a client did since it was made. Only grows. */
export interface ClientCounters {
  /** Ids answered from a fresh entry. */
  hits: number;
  /** Ids for which a read was begun. */
  misses: number;
  /** Ids that waited for a read which another caller had begun. */
  coalesced: number;
  /** Reads begun before the user was too old, because it was in use. Not among `misses`. */
  refreshes: number;
  /** Entries that a change raised to its version without a read, because their view does not show it. */
  raised: number;
  /** Ids answered from before an outage, from memory or the snapshot. */
  stale: number;
  /** Ids that could not be answered. */
  unavailable: number;
  /** Answers not kept because something newer was known, or because they were invalidated on their way. */
  discarded: number;
  /** BatchGetUsers calls, those the breaker turned away included. */
  batches: number;
  /** Ids in them. */
  batchedIds: number;
}

/** All zero. */
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
