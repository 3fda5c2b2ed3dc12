import type { Breaker } from './breaker.ts';
import type { UserReader } from './user-reader.ts';

/** Asks `next` only while the breaker lets it; else rejects at once with BreakerOpenError. Stands directly above the wire. */
export function withBreaker(next: UserReader, breaker: Breaker): UserReader {
  return { readMany: (scope, reads, call) => breaker.run(() => next.readMany(scope, reads, call)) };
}
