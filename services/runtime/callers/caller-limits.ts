import type { Grant, GrantLimits } from './grants.ts';

/** Reason why a call may not begin now. */
export interface LimitRefusal {
  readonly limit: 'rate' | 'concurrency';
  /** Time until the caller may try again. Milliseconds. */
  readonly retryMs: number;
}

/** Counts the calls of each grant. */
interface CallerLimits {
  /** Takes a slot. Returns the function that releases it, or the reason for refusing. */
  enter(grant: Grant): (() => void) | LimitRefusal;
}

// The end of another call cannot be predicted, so this is our own choice.
const CONCURRENCY_RETRY_MS = 100;

interface Meter {
  limits: GrantLimits;
  tokens: number;
  filledAtMs: number;
  active: number;
}

/**
 * Limits calls by a token bucket and a counter for each grant, in this process.
 * @param now monotonic clock in milliseconds
 */
export function createCallerLimits(now: () => number = () => performance.now()): CallerLimits {
  const meters = new Map<string, Map<string, Meter>>();
  const meterOf = (grant: Grant): Meter => {
    const ofCaller = meters.get(grant.caller) ?? new Map<string, Meter>();
    meters.set(grant.caller, ofCaller);
    const meter = ofCaller.get(grant.name) ?? {
      limits: grant.limits,
      tokens: grant.limits.burst,
      filledAtMs: now(),
      active: 0,
    };
    ofCaller.set(grant.name, meter);
    meter.limits = grant.limits;
    return meter;
  };
  return {
    enter(grant) {
      const { concurrency, ratePerSecond } = grant.limits;
      if (concurrency === 0 && ratePerSecond === 0) return leaveNothing;
      const meter = meterOf(grant);
      if (concurrency > 0 && meter.active >= concurrency)
        return { limit: 'concurrency', retryMs: CONCURRENCY_RETRY_MS };
      if (ratePerSecond > 0) {
        fill(meter, now());
        if (meter.tokens < 1)
          return { limit: 'rate', retryMs: Math.ceil(((1 - meter.tokens) * 1000) / ratePerSecond) };
        meter.tokens -= 1;
      }
      meter.active += 1;
      return () => {
        meter.active -= 1;
      };
    },
  };
}

function fill(meter: Meter, nowMs: number): void {
  const { ratePerSecond, burst } = meter.limits;
  const gained = ((nowMs - meter.filledAtMs) / 1000) * ratePerSecond;
  meter.tokens = Math.min(Math.max(1, burst), meter.tokens + gained);
  meter.filledAtMs = nowMs;
}

function leaveNothing(): void {}
