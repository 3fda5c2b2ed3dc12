import type { Breaker, BreakerAttempt } from './breaker.ts';
import type { Deadlines } from './deadlines.ts';
import type { ReadCall, UserReader } from './user-reader.ts';

/** Asks `next` only while the breaker lets it; else rejects at once with BreakerOpenError. Stands above hedging, and sees its two calls as one. */
export function withBreaker(next: UserReader, breaker: Breaker, deadlines: Deadlines): UserReader {
  return {
    readMany(scope, reads, call) {
      const { attempt, onAnswered } = toAttempt(call, deadlines);
      return breaker.run(() => next.readMany(scope, reads, { ...call, onAnswered }), attempt);
    },
  };
}

/** What the breaker is told of a call, and what to call when the service has answered: from then on the call's end alone tells. */
export function toAttempt(
  { deadlineAtMs, read, isCutShort }: ReadCall,
  deadlines: Deadlines,
): { readonly attempt: BreakerAttempt; readonly onAnswered: () => void } {
  let stop = () => {};
  const onDeadline = (passed: () => void) => {
    let isEnded = false;
    const group = deadlines.join({ giveUp: () => isEnded || passed() }, deadlineAtMs);
    stop = () => {
      if (isEnded) return;
      isEnded = true;
      deadlines.leave(group);
    };
    return stop;
  };
  return { attempt: { read, isCutShort, onDeadline }, onAnswered: () => stop() };
}
