import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does something again and again, from now on, `pauseMs` after the last time; what it throws is told to `onError`. Disposing
 * it waits for the time that is under way.
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
