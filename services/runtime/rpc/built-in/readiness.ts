import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';

/** Cached result of the readiness check of a process. */
export interface Readiness extends Disposable {
  /** The result, at most half a second old. */
  isReady(): Promise<boolean>;
  /**
   * Resolves when the result differs from `isReady`, or the signal aborts. Repeats the check while there are
   * waiters.
   */
  changedFrom(isReady: boolean, signal: AbortSignal): Promise<void>;
}

/**
 * The longest wait for a result before it counts as false. Milliseconds. A busy process may take a second to
 * connect.
 */
const TIMEOUT_MS = 2000;
/** How long a result is cached. Milliseconds. */
const KEEP_MS = 500;

/**
 * Shares one check among the health service, the readiness page and watchers.
 * @param ask whether the dependencies answer; an error means no
 */
export function createReadiness(ask: () => Promise<boolean>): Readiness {
  let known: { readonly isReady: boolean; readonly atMs: number } | undefined;
  let asking: Promise<boolean> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const watchers = new Set<(isReady: boolean) => void>();

  const askOnce = async (): Promise<boolean> => {
    const answered = ask().catch(() => false);
    const isReady = await Promise.race([answered, noAnswer()]);
    known = { isReady, atMs: performance.now() };
    asking = undefined;
    for (const watcher of watchers) watcher(isReady);
    return isReady;
  };
  const isReady = (): Promise<boolean> => {
    if (known && performance.now() - known.atMs < KEEP_MS) return Promise.resolve(known.isReady);
    asking ??= askOnce();
    return asking;
  };
  const unwatch = (watcher: (isReady: boolean) => void) => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    isReady,
    changedFrom: (before, signal) =>
      new Promise((resolve) => {
        const end = () => {
          unwatch(watcher);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const watcher = (now: boolean) => {
          if (now !== before) end();
        };
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', end, { once: true });
        watchers.add(watcher);
        timer ??= setInterval(() => void isReady(), KEEP_MS).unref();
        if (known && known.isReady !== before) end();
      }),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

async function noAnswer(): Promise<false> {
  await sleep(TIMEOUT_MS, undefined, { ref: false });
  // When the event loop is late, the answer may already be in the socket.
  await immediate();
  return false;
}
