import type { Logger } from '../../log/logger.ts';
import type { Call, Interceptor } from '../call.ts';
import { runtimeError } from '../errors.ts';

/**
 * Load from which each class of calls is refused, expensive calls that can wait first. 1: the most that the
 * process takes.
 */
export const SHED_FROM = { search: 0.5, write: 0.7, wideRead: 0.85, read: 1 } as const;

/** Priority class of a call. */
export type CallClass = keyof typeof SHED_FROM;

/** Options of `withShedding`. */
interface SheddingOptions {
  readonly gauge: LoadGauge;
  /**
   * Returns the class of a call. Undefined: it is always served and not counted. Called for every call, so it
   * must be fast.
   */
  readonly classOf: (call: Call) => CallClass | undefined;
}

const RETRY_MS = 200;

/**
 * Refuses calls when the process is overloaded, the least important ones first: UNAVAILABLE with the reason
 * OVERLOADED, which is safe to retry after the given delay. Must stand behind `withObservation`, and before
 * expensive work.
 */
export function withShedding({ gauge, classOf }: SheddingOptions): Interceptor {
  return (next) => async (call) => {
    const kind = classOf(call);
    if (kind === undefined) return next(call);
    if (gauge.load >= SHED_FROM[kind]) {
      gauge.shed();
      throw overloaded(kind);
    }
    const end = gauge.begin();
    try {
      await next(call);
    } finally {
      end();
    }
  };
}

function overloaded(kind: CallClass) {
  return runtimeError(
    'OVERLOADED',
    'The process has more calls than it can serve; try again later, or elsewhere.',
    {
      metadata: { class: kind },
      // With jitter, so that refused callers do not return together.
      retryDelayMs: RETRY_MS * (1 + Math.random()),
    },
  );
}

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
interface LoadGaugeOptions {
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
