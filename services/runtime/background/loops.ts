import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs work in a loop with a pause of `pauseMs` after each run, and passes its errors to `onError`. Disposing
 * stops the loop and waits for the run in progress.
 */
export function repeat(
  work: () => Promise<void>,
  { pauseMs, onError }: { pauseMs: number; onError: (error: unknown) => void },
): AsyncDisposable {
  const ending = new AbortController();
  const run = async () => {
    while (!ending.signal.aborted) {
      await work().catch(onError);
      await sleep(pauseMs, undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    [Symbol.asyncDispose]() {
      ending.abort();
      return running;
    },
  };
}

/** Options of `poll`. */
interface PollOptions {
  /** Pause between two runs. Milliseconds. */
  readonly pollMs: number;
  /** Called with a failure, once until a run succeeds or fails with another message. */
  readonly onError: (error: unknown) => void;
}

/**
 * Runs a check at a fixed interval, one run at a time, without keeping the process alive.
 * @returns a function that stops it
 */
export function poll(check: () => Promise<void>, { pollMs, onError }: PollOptions): () => void {
  let isChecking = false;
  let lastReported: string | undefined;
  const checkOnce = async () => {
    try {
      await check();
      lastReported = undefined;
    } catch (error) {
      if (lastReported !== String(error)) onError(error);
      lastReported = String(error);
    }
  };
  const timer = setInterval(async () => {
    if (isChecking) return;
    isChecking = true;
    await checkOnce();
    isChecking = false;
  }, pollMs).unref();
  return () => clearInterval(timer);
}
