const FIRST_MS = 250;
const LONGEST_MS = 30_000;
/** What ran for so long did not fail at its start: the next pause is short again. */
const SETTLED_MS = 60_000;

/** How long to wait before something that ended is started again. */
export interface RestartPauses {
  /**
   * @param livedMs how long it ran
   * @returns 250 ms, then twice as long each time, 30 s at most. Milliseconds.
   */
  next(livedMs: number): number;
}

/** The pauses of one thing that is kept running. All figures are our own choice. */
export function createRestartPauses(): RestartPauses {
  let failures = 0;
  return {
    next(livedMs) {
      if (livedMs >= SETTLED_MS) failures = 0;
      return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures++, 20));
    },
  };
}
