import type { Call, Interceptor } from '../call.ts';
import { runtimeError } from '../errors.ts';

/**
 * Fails a call at the deadline of its caller, and a unary call at `maxMs` if that is earlier. It also aborts
 * `call.signal`, but does not rely on the handler to watch it. A stream without a deadline is unlimited,
 * because a change feed is meant to last. Must stand behind `withObservation`, and before `withValidation`,
 * so that no work happens after the deadline.
 * @param maxMs the longest time that a unary call may take, in milliseconds
 */
export function withDeadline(maxMs: number): Interceptor {
  return (next) => (call) => {
    const boundMs = Math.min(call.timeoutMs() ?? LONGEST_TIMER_MS, longestMs(call, maxMs));
    if (boundMs <= 0) return Promise.reject(deadlineExceeded(0));
    if (boundMs >= LONGEST_TIMER_MS) return next(call);
    return new Promise((resolve, reject) => {
      // Called before the timer is set, so that none is left when it throws.
      const done = next(call);
      const timer = setTimeout(() => {
        const error = deadlineExceeded(boundMs);
        call.abort(error);
        reject(error);
      }, boundMs);
      done.then(
        () => {
          clearTimeout(timer);
          resolve();
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  };
}

// Node fires a timer with a longer delay at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function longestMs({ method }: Call, maxMs: number): number {
  return method.methodKind === 'unary' ? maxMs : LONGEST_TIMER_MS;
}

function deadlineExceeded(boundMs: number) {
  return runtimeError('DEADLINE_EXCEEDED', `The call was not done within ${Math.round(boundMs)} ms.`, {
    metadata: { bound_ms: String(Math.round(boundMs)) },
  });
}
