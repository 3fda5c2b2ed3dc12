import type { Breaker } from './breaker.ts';
import type { UserReader } from './user-reader.ts';

/** Asks `next` only while the breaker lets it; else rejects at once with BreakerOpenError. Stands above hedging, and sees its two calls as one. */
export function withBreaker(next: UserReader, breaker: Breaker): UserReader {
  return { readMany: (scope, reads, call) => breaker.run(() => next.readMany(scope, reads, call)) };
}
