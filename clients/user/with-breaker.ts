import type { Breaker, BreakerAttempt } from './breaker.ts';
import type { Deadlines } from './deadlines.ts';
import type { ReadCall, UserReader } from './user-reader.ts';

/** Asks `next` only while the breaker lets it; else rejects at once with BreakerOpenError. Stands above hedging, and sees its two calls as one. */
export function withBreaker(next: UserReader, breaker: Breaker, deadlines: Deadlines): UserReader {
  return {
    readMany: (scope, reads, call) =>
      breaker.run(() => next.readMany(scope, reads, call), toAttempt(call, deadlines)),
  };
}

/** What the breaker is told of a call. */
export function toAttempt(
  { deadlineAtMs, read, isCutShort }: ReadCall,
  deadlines: Deadlines,
): BreakerAttempt {
  return {
    read,
    isCutShort,
    onDeadline(passed) {
      let isEnded = false;
      const group = deadlines.join({ giveUp: () => isEnded || passed() }, deadlineAtMs);
      return () => {
        isEnded = true;
        deadlines.leave(group);
      };
    },
  };
}
