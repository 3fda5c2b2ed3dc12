import type { Call, Interceptor } from '../call.ts';
import { runtimeError } from '../errors.ts';

/**
 * Bounds every call by its caller's deadline, and a unary one, where the caller set none or a longer one, by the service's own.
 * The call is failed on time even where the handler does not watch `call.signal`, which is aborted. A stream without a deadline
 * is not bounded: a change feed is meant to last.
 * Must stand behind `withObservation`, and before `withValidation`, so that no work happens past the deadline.
 *
 * @param maxMs the longest that a unary call may take, in milliseconds.
 */
export function withDeadline(maxMs: number): Interceptor {
  return (next) => (call) => {
    const boundMs = Math.min(call.timeoutMs() ?? LONGEST_TIMER_MS, longestMs(call, maxMs));
    if (boundMs <= 0) return Promise.reject(deadlineExceeded(0));
    if (boundMs >= LONGEST_TIMER_MS) return next(call);
    return new Promise((resolve, reject) => {
      // Before the timer is set: where it throws, none is left behind.
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

// A timer that is set for longer goes off at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function longestMs({ method }: Call, maxMs: number): number {
  return method.methodKind === 'unary' ? maxMs : LONGEST_TIMER_MS;
}

function deadlineExceeded(boundMs: number) {
  return runtimeError('DEADLINE_EXCEEDED', `The call was not done within ${Math.round(boundMs)} ms.`, {
    metadata: { bound_ms: String(Math.round(boundMs)) },
  });
}
