/** Median of several rounds, and how far apart the rounds were. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Number of measured rounds. */
  readonly rounds: number;
}

/** Computes median, least and most. @throws RangeError when there are no samples */
export function toSpread(samples: readonly number[]): Spread {
  const sorted = sort(samples);
  return {
    median: (at(sorted, (sorted.length - 1) >> 1) + at(sorted, sorted.length >> 1)) / 2,
    min: at(sorted, 0),
    max: at(sorted, sorted.length - 1),
    rounds: sorted.length,
  };
}

/**
 * Returns a quantile by the nearest-rank method: always a measured sample.
 * @param share above 0, at most 1; 0.99 for the 99th percentile
 * @throws RangeError when there are no samples
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = sort(samples);
  return at(sorted, Math.max(0, Math.ceil(share * sorted.length) - 1));
}

function sort(samples: readonly number[]): number[] {
  if (samples.length === 0) throw new RangeError('nothing was measured');
  return [...samples].sort((a, b) => a - b);
}

function at(sorted: readonly number[], i: number): number {
  return sorted[i] as number;
}
