/** An observation of the database: at this time, no transaction with this id or a higher one had ended. */
interface SnapshotObservation {
  readonly at: Date;
  /** `pg_snapshot_xmax`. */
  readonly xmax: bigint;
}

const MAX_OBSERVATIONS = 512;

/**
 * Computes until when a feed that holds all transactions below an id is complete.
 * Transactions at or above the id were committed after every observation at which none of them had ended; the
 * latest such observation is the answer.
 */
export function createSnapshotClock() {
  // By time, oldest first. Nothing is known before the first observation.
  let observations: SnapshotObservation[] = [];
  return {
    record(observation: SnapshotObservation): void {
      observations.push(observation);
      if (observations.length > MAX_OBSERVATIONS) observations = observations.slice(-MAX_OBSERVATIONS);
    },
    /**
     * The time before which every committed change belongs to a transaction below `xid`. 1970 when unknown.
     */
    completeUntil(xid: bigint): Date {
      return observations.findLast(({ xmax }) => xmax <= xid)?.at ?? new Date(0);
    },
  };
}
