import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';

/** Whether what a process depends on answers: asked once for everybody who wants to know, and kept for a while. */
export interface Readiness extends Disposable {
  /** The answer, at most half a second old. */
  isReady(): Promise<boolean>;
  /** Resolves when the answer differs from the one given, or the signal aborts. Asks as long as anybody waits. */
  changedFrom(isReady: boolean, signal: AbortSignal): Promise<void>;
}

/** How long an answer may take until it counts as a no, in ms: a new connection of a busy process may take a second. */
const TIMEOUT_MS = 2000;
/** How long an answer is kept, in ms. */
const KEEP_MS = 500;

/**
 * Shares one question among health, readiness pages and watches.
 * @param ask whether what the process depends on answers; an error means no.
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
  // Where the event loop is late, the answer may lie in the socket already.
  await immediate();
  return false;
}
