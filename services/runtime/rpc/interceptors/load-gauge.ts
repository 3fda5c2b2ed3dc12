import type { Logger } from '../../log/logger.ts';

/** Measures the load of this process. */
export interface LoadGauge extends Disposable {
  /** The load. 0: idle. 1: the most that the process takes. */
  readonly load: number;
  /** Records the beginning of a call. Returns a function that records its end. */
  begin(): () => void;
  /** Records a refused call. */
  shed(): void;
  /** Number of refused calls since the process began. */
  readonly shedCount: number;
}

/** Options of `createLoadGauge`. */
export interface LoadGaugeOptions {
  /** The most calls at once. */
  readonly maxCalls: number;
  readonly logger: Logger;
  /**
   * Delay of the event loop that counts as full load, smoothed over about a second. Milliseconds.
   * @defaultValue 150, after which callers begin to give up
   */
  readonly maxDelayMs?: number;
}

const MEASURE_MS = 50;
const MAX_DELAY_MS = 150;
/** Weight of each measurement in the smoothed delay. */
const WEIGHT = 0.1;
const LOG_MS = 1000;
/**
 * With fewer calls, the loop is late because of another process or one expensive call, and refusing calls
 * would not help.
 */
const FEW_CALLS = 32;

/** Creates a gauge of open calls and of the delay of the event loop. The worse of both is the load. */
export function createLoadGauge({
  maxCalls,
  logger,
  maxDelayMs = MAX_DELAY_MS,
}: LoadGaugeOptions): LoadGauge {
  let open = 0;
  let delayMs = 0;
  let shedCount = 0;
  let logged = { count: 0, atMs: Number.NEGATIVE_INFINITY };
  let measuredAtMs = performance.now();
  const measure = () => {
    const nowMs = performance.now();
    delayMs += WEIGHT * (Math.max(0, nowMs - measuredAtMs - MEASURE_MS) - delayMs);
    measuredAtMs = nowMs;
    // At most one line a second: in a flood, a line for each call would be a load of its own.
    if (shedCount === logged.count || nowMs - logged.atMs < LOG_MS) return;
    logger.warn(
      { calls: shedCount - logged.count, open, delayMs: Math.round(delayMs) },
      'overloaded: refusing calls',
    );
    logged = { count: shedCount, atMs: nowMs };
  };
  const timer = setInterval(measure, MEASURE_MS).unref();
  return {
    get load() {
      return Math.max(open / maxCalls, open > FEW_CALLS ? delayMs / maxDelayMs : 0);
    },
    get shedCount() {
      return shedCount;
    },
    begin() {
      open++;
      return () => {
        open--;
      };
    },
    shed: () => {
      shedCount++;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
