/** A look at the database: at this time, no transaction with this number or a higher one had ended. */
export interface SnapshotObservation {
  readonly at: Date;
  /** `pg_snapshot_xmax`. */
  readonly xmax: bigint;
}

const MAX_OBSERVATIONS = 512;

/**
 * Tells until when a feed is complete that holds all transactions below a number. Those at or above it were committed
 * after every look at which none of them had ended; the latest such look is the answer.
 */
export function createSnapshotClock() {
  // By time, oldest first. Before the first look nothing is known.
  let observations: SnapshotObservation[] = [];
  return {
    record(observation: SnapshotObservation): void {
      observations.push(observation);
      if (observations.length > MAX_OBSERVATIONS) observations = observations.slice(-MAX_OBSERVATIONS);
    },
    /** Every change committed before this moment is of a transaction below `xid`. 1970 where nothing is known. */
    completeUntil(xid: bigint): Date {
      return observations.findLast(({ xmax }) => xmax <= xid)?.at ?? new Date(0);
    },
  };
}
