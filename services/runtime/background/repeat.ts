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
