import { setTimeout as sleep } from 'node:timers/promises';

/** When a process that does not answer is taken for hung: both bounds must be passed, because a busy machine is slow. */
export interface HangLimits {
  /** Pause between two questions. Milliseconds. */
  readonly everyMs: number;
  /** How long one answer may take. Milliseconds. */
  readonly timeoutMs: number;
  /** Questions in a row without an answer. */
  readonly misses: number;
  /** Time since the last answer. Milliseconds. */
  readonly silentMs: number;
}

/** A process that is merely slow, on a machine that has too much to do, answers one of five questions. Our own choice. */
export const HANG_LIMITS: HangLimits = { everyMs: 1000, timeoutMs: 3000, misses: 5, silentMs: 15_000 };

/** What is watched. */
export interface WatchedProcess {
  /** Asks for a sign of life and waits no longer than given. Must not reject. */
  readonly ask: (timeoutMs: number) => Promise<boolean>;
  /** Called once, when the process has hung; the watch is over then. */
  readonly onHang: () => void;
}

/**
 * Asks a process for signs of life until it hangs. A suspended machine, or a watcher that was stopped itself, is no hang: what counts are
 * questions that were asked. Disposing ends the watch.
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
