import { LRUCache } from 'lru-cache';
import { userIdAt } from '../../world/seed.ts';

/** Users among which requests are drawn. */
export const MIXED_USERS = 1_000_000;
/** Users that each contestant may cache: the default of the client. */
export const MIXED_ENTRIES = 100_000;
// With these, a cache of 100,000 that drops the least recently used misses 5 of 100 requests.
const EXPONENT = 1.2;
const SETTLING_REQUESTS = 1_500_000;
// A prime step spreads the busy users over the table.
const STEP = 7_919;

/** Requests as a service with a million users receives them. */
export interface MixedRequests {
  /** Users that a cache holds after a long run, the least recently used first. */
  readonly settled: readonly string[];
  /** Returns the next `count` ids to read. */
  next(count: number): readonly string[];
}

/** Creates a fixed sequence of requests: equal in every run. */
export function createMixedRequests(): MixedRequests {
  const draw = createZipf(MIXED_USERS, EXPONENT, createRandom(2026));
  const nextUser = () => 1 + ((draw() * STEP) % MIXED_USERS);
  const settled = new LRUCache<number, true>({ max: MIXED_ENTRIES });
  for (let i = 0; i < SETTLING_REQUESTS; i++) settled.set(nextUser(), true);
  return {
    settled: [...settled.rkeys()].map(userIdAt),
    next: (count) => Array.from({ length: count }, () => userIdAt(nextUser())),
  };
}

/**
 * Creates a generator of numbers from 0 to 1 (mulberry32). Equal seeds give equal numbers, so that
 * contestants compete fairly.
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Creates a function that draws ranks from 0 to `size` - 1 by Zipf's law: rank r in proportion to
 * 1 / (r + 1) ** exponent. A service has a few busy users and many quiet ones.
 */
export function createZipf(size: number, exponent: number, random: () => number): () => number {
  const sums = new Float64Array(size);
  let sum = 0;
  for (let rank = 0; rank < size; rank++) {
    sum += (rank + 1) ** -exponent;
    sums[rank] = sum;
  }
  return () => lowestAbove(sums, random() * sum);
}

/** Index of the first sum that is at least `wanted`. */
function lowestAbove(sums: Float64Array, wanted: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
