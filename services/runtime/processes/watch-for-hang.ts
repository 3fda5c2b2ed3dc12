import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Limits after which a process counts as hung. All of them must be passed, because a busy machine is slow.
 */
export interface HangLimits {
  /** Pause between two checks. Milliseconds. */
  readonly everyMs: number;
  /** The longest wait for one answer. Milliseconds. */
  readonly timeoutMs: number;
  /** Number of checks in a row without an answer. */
  readonly misses: number;
  /** Time since the last answer. Milliseconds. */
  readonly silentMs: number;
}

/** A slow process on a busy machine answers one of five checks. Our own choice. */
export const HANG_LIMITS: HangLimits = { everyMs: 1000, timeoutMs: 3000, misses: 5, silentMs: 15_000 };

/** A process and how to check it. */
export interface WatchedProcess {
  /** Asks for a sign of life and waits at most `timeoutMs`. Must not reject. */
  readonly ask: (timeoutMs: number) => Promise<boolean>;
  /** Called once, when the process has hung. The watch then ends. */
  readonly onHang: () => void;
}

/**
 * Checks a process for signs of life until it hangs. Counts checks, not only time, so that a suspended
 * machine or a stopped watcher is no hang. Disposing ends the watch.
 */
export function watchForHang({ ask, onHang }: WatchedProcess, limits: HangLimits = HANG_LIMITS): Disposable {
  const ending = new AbortController();
  const watch = async () => {
    let misses = 0;
    let lastAnswerAt = performance.now();
    while (!ending.signal.aborted) {
      const isAlive = await ask(limits.timeoutMs);
      if (ending.signal.aborted) return;
      if (isAlive) {
        misses = 0;
        lastAnswerAt = performance.now();
      } else misses++;
      if (misses >= limits.misses && performance.now() - lastAnswerAt >= limits.silentMs) {
        onHang();
        return;
      }
      await sleep(limits.everyMs, undefined, { signal: ending.signal, ref: false }).catch(() => {});
    }
  };
  void watch();
  return { [Symbol.dispose]: () => ending.abort() };
}
