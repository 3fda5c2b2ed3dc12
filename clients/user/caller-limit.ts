import { Code, ConnectError } from '@connectrpc/connect';
import { UserReadCanceledError } from './errors.ts';
import type { Clock, ReadCall, UserAnswer } from './user-reader.ts';

/** How long one caller waits for reads that others may share. */
export interface CallerLimit extends Disposable {
  /** The answer; or `failed` when the deadline passes first. Rejects with UserReadCanceledError when the signal aborts. */
  wait(answer: Promise<UserAnswer>): Promise<UserAnswer>;
}

/** Starts the wait of one caller; dispose of it when all is answered. */
export function startCallerLimit({ deadlineAtMs, signal }: ReadCall, clock: Clock): CallerLimit {
  const { promise, resolve, reject } = Promise.withResolvers<UserAnswer>();
  const abort = () => reject(new UserReadCanceledError(signal?.reason));
  const timer = setTimeout(
    () => resolve({ outcome: 'failed', error: deadlinePassed() }),
    Math.max(0, deadlineAtMs - clock()),
  );
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  // Whoever waits hears of the abort from `wait`; where nobody waits any more it is nobody's concern.
  promise.catch(() => {});
  return {
    wait: (answer) => Promise.race([answer, promise]),
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    },
  };
}

/** The error of a caller that has no time left. */
export function deadlinePassed(): ConnectError {
  return new ConnectError('the deadline of the call passed before the answer came', Code.DeadlineExceeded);
}
