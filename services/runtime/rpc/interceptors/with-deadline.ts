import type { Interceptor } from '../call.ts';
import { runtimeError } from '../reasons.ts';

/**
 * Bounds every unary call: by the caller's deadline, and where it set none or a longer one, by the service's own.
 * The call is failed on time even where the handler does not watch `call.signal`, which is aborted. Streams are not bounded here: a
 * change feed is meant to last.
 * Must stand behind `withObservation`, and before `withValidation`, so that no work happens past the deadline.
 *
 * @param maxMs the longest that a unary call may take, in milliseconds.
 */
export function withDeadline(maxMs: number): Interceptor {
  return (next) => (call) => {
    if (call.method.methodKind !== 'unary') return next(call);
    const left = call.timeoutMs();
    const boundMs = left === undefined ? maxMs : Math.min(left, maxMs);
    if (boundMs <= 0) return Promise.reject(deadlineExceeded(0));
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

function deadlineExceeded(boundMs: number) {
  return runtimeError('DEADLINE_EXCEEDED', `The call was not done within ${Math.round(boundMs)} ms.`, {
    metadata: { bound_ms: String(Math.round(boundMs)) },
  });
}
