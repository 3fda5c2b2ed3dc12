/** What several rounds gave: the figure that counts, and how far apart the rounds were. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many rounds were measured. */
  readonly rounds: number;
}

/** Median, least and most. Throws RangeError without samples. */
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
 * The sample that a share of all samples does not exceed, by the nearest-rank method: always one that was measured.
 * @param share from above 0 to 1; 0.99 for the 99th percentile
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
