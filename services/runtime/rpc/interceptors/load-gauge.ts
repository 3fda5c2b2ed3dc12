import type { Logger } from '../../log/logger.ts';

/** How loaded this process is. */
export interface LoadGauge extends Disposable {
  /** 0: idle; 1: as loaded as may be. */
  readonly load: number;
  /** Notes that a call begins; to be told its end. */
  begin(): () => void;
  /** Notes that a call was refused. */
  shed(): void;
  /** Calls refused since the process began. */
  readonly shedCount: number;
}

/** What counts as full load. */
export interface LoadGaugeOptions {
  /** Calls at once that are the most this process takes. */
  readonly maxCalls: number;
  readonly logger: Logger;
  /** How late the event loop may be, in ms, smoothed over about a second. Default 150: later, callers begin to give up. */
  readonly maxDelayMs?: number;
}

const LOOK_MS = 50;
const MAX_DELAY_MS = 150;
/** How much of the smoothed delay each look makes up. */
const WEIGHT = 0.1;
const TELL_MS = 1000;
/**
 * With fewer calls at once it is not they who make the loop late: another process has the machine, or one call is dear.
 * Refusing them would help nobody.
 */
const FEW_CALLS = 32;

/** Measures how many calls are open and how late the event loop is; the worse of both is the load. */
export function createLoadGauge({
  maxCalls,
  logger,
  maxDelayMs = MAX_DELAY_MS,
}: LoadGaugeOptions): LoadGauge {
  let open = 0;
  let delayMs = 0;
  let shedCount = 0;
  let told = { count: 0, atMs: Number.NEGATIVE_INFINITY };
  let lookedAtMs = performance.now();
  const look = () => {
    const nowMs = performance.now();
    delayMs += WEIGHT * (Math.max(0, nowMs - lookedAtMs - LOOK_MS) - delayMs);
    lookedAtMs = nowMs;
    // One line a second at most: in a flood, a line for each call would be a load of its own.
    if (shedCount === told.count || nowMs - told.atMs < TELL_MS) return;
    logger.warn(
      { calls: shedCount - told.count, open, delayMs: Math.round(delayMs) },
      'overloaded: refusing calls',
    );
    told = { count: shedCount, atMs: nowMs };
  };
  const timer = setInterval(look, LOOK_MS).unref();
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
