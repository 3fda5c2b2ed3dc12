import { Code, ConnectError } from '@connectrpc/connect';
import CircuitBreaker from 'opossum';
import { BreakerOpenError, isOutage } from './judge.ts';

/** When to stop asking a service that fails, and when to try again. */
export interface BreakerOptions {
  /** Share of calls of the last 10 s that must have failed, in percent. Default 50. */
  errorThresholdPercentage?: number;
  /** Calls within the last 10 s below which the breaker stays closed whatever happens. Default 10. */
  volumeThreshold?: number;
  /** Time in ms from the trip to the probe. Default 1000. */
  resetTimeoutMs?: number;
}

/** Defaults of BreakerOptions. */
export const BREAKER_DEFAULTS = {
  errorThresholdPercentage: 50,
  volumeThreshold: 10,
  resetTimeoutMs: 1_000,
} as const;

/** Closed: calls pass. Open: they fail at once. Half-open: one call passes to see whether the service is back. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Stands between this client and one service. */
export interface Breaker {
  readonly state: BreakerState;
  /** Runs the call, or rejects with BreakerOpenError without running it. */
  run<Result>(call: () => Promise<Result>): Promise<Result>;
  /** Stops its timers. Later calls reject with BreakerOpenError. */
  close(): void;
}

const WINDOW_MS = 10_000;

/**
 * opossum with its traps covered. The deadline is the only timeout. Options are a fresh object, because opossum writes
 * into it. A call that is turned away is not counted, or an outage would fill the window with calls that did not fail and
 * hide the next one. While half-open a canceled call says nothing, so it must not close the breaker.
 * Left as opossum has it: a single probe while half-open, the rest turned away, and one success closes.
 */
export function createBreaker(options: BreakerOptions = {}): Breaker {
  const circuit: CircuitBreaker<[() => Promise<unknown>], unknown> = new CircuitBreaker(
    (call: () => Promise<unknown>) => call(),
    {
      timeout: false,
      errorThresholdPercentage: options.errorThresholdPercentage ?? BREAKER_DEFAULTS.errorThresholdPercentage,
      volumeThreshold: options.volumeThreshold ?? BREAKER_DEFAULTS.volumeThreshold,
      resetTimeout: options.resetTimeoutMs ?? BREAKER_DEFAULTS.resetTimeoutMs,
      rollingCountTimeout: WINDOW_MS,
      rollingCountBuckets: 10,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      name: 'rollcall.user.v1.UserService',
      errorFilter: (error) => !isOutage(error) && !(circuit.halfOpen && isUndecided(error)),
    },
  );
  return {
    get state() {
      return circuit.closed ? 'closed' : circuit.halfOpen ? 'half-open' : 'open';
    },
    async run<Result>(call: () => Promise<Result>) {
      if (!circuit.closed && !circuit.pendingClose) throw new BreakerOpenError();
      return circuit.fire(call) as Promise<Result>;
    },
    close: () => circuit.shutdown(),
  };
}

function isUndecided(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Canceled;
}
