/** Ends a stream of which nothing is heard. */
interface Watchdog extends Disposable {
  /** Aborts where the stream is to end. */
  readonly signal: AbortSignal;
  /** Whether it was ended by `end`. */
  readonly isStopped: boolean;
  reset(): void;
  /** Ends the stream, for no fault of its own. */
  stop(): void;
}

/** @param silenceMs how long nothing may be heard, in ms */
export function createWatchdog(ending: AbortSignal, silenceMs: number): Watchdog {
  const own = new AbortController();
  let isEnded = false;
  const bark = () => own.abort(new Error(`the change feed said nothing for ${silenceMs} ms`));
  let timer = setTimeout(bark, silenceMs);
  return {
    signal: AbortSignal.any([ending, own.signal]),
    get isStopped() {
      return isEnded;
    },
    reset() {
      clearTimeout(timer);
      timer = setTimeout(bark, silenceMs);
    },
    stop() {
      isEnded = true;
      own.abort();
    },
    // Also what is left of the stream: Connect's clients do not pass the end of a loop on to the transport.
    [Symbol.dispose]() {
      clearTimeout(timer);
      own.abort();
    },
  };
}
