import { LRUCache } from 'lru-cache';
import { userIdAt } from '../../world/user-id.ts';
import { createRandom, createZipf } from './zipf.ts';

/** Users that are asked for at all. */
export const MIXED_USERS = 1_000_000;
/** Users that each contestant may remember: the default of the client. */
export const MIXED_ENTRIES = 100_000;
// With these, a cache of 100,000 that drops the least recently used misses 5 of 100 requests.
const EXPONENT = 1.2;
const SETTLING_REQUESTS = 1_500_000;
// A prime step spreads the busy users over the table.
const STEP = 7_919;

/** Requests as they come to a service with a million users. */
export interface MixedRequests {
  /** Users that a cache holds after it has served for long, the least recently used first. */
  readonly settled: readonly string[];
  /** The next `count` ids to ask for. */
  next(count: number): readonly string[];
}

/** The same requests at each call. */
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
