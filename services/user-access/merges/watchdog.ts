/** Ends a stream that stays silent for too long. */
interface Watchdog extends Disposable {
  /** Aborted when the stream must end. */
  readonly signal: AbortSignal;
  /** Whether `stop` ended the stream. */
  readonly isStopped: boolean;
  reset(): void;
  /** Ends the stream without a fault. */
  stop(): void;
}

/**
 * Creates a watchdog.
 * @param silenceMs the longest silence before the stream is aborted. Milliseconds.
 */
export function createWatchdog(ending: AbortSignal, silenceMs: number): Watchdog {
  const own = new AbortController();
  let isEnded = false;
  const timeOut = () => own.abort(new Error(`the change feed was silent for ${silenceMs} ms`));
  let timer = setTimeout(timeOut, silenceMs);
  return {
    signal: AbortSignal.any([ending, own.signal]),
    get isStopped() {
      return isEnded;
    },
    reset() {
      clearTimeout(timer);
      timer = setTimeout(timeOut, silenceMs);
    },
    stop() {
      isEnded = true;
      own.abort();
    },
    // Connect's clients do not stop the transport when a loop ends, so this aborts the stream too.
    [Symbol.dispose]() {
      clearTimeout(timer);
      own.abort();
    },
  };
}
