/** When a circuit breaker opens, and when it closes again. */
export interface BreakerOptions {
  /**
   * Failure rate of the last 10 s above which the breaker opens. Percent.
   * @defaultValue 50
   */
  errorThresholdPercentage?: number;
  /**
   * Calls in the last 10 s below which the failure rate does not open the breaker.
   * @defaultValue 10
   */
  volumeThreshold?: number;
  /**
   * Consecutive timeouts that open the breaker at any volume. A response resets the count.
   * @defaultValue 2
   */
  timeoutThreshold?: number;
  /**
   * Time from opening to the first probe. Milliseconds.
   * @defaultValue 1000
   */
  resetTimeoutMs?: number;
  /**
   * Consecutive successful probes that close the breaker. The client sends them itself, one at a time.
   * @defaultValue 3
   */
  probes?: number;
}

/** Defaults of BreakerOptions. */
export const BREAKER_DEFAULTS = {
  errorThresholdPercentage: 50,
  volumeThreshold: 10,
  timeoutThreshold: 2,
  resetTimeoutMs: 1_000,
  probes: 3,
} as const;

/**
 * `closed`: calls pass. `open`: calls fail at once. `half-open`: calls fail at once while probes test the
 * service.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Classifies the errors of calls to one target. */
export interface ErrorClassifier {
  /** Whether the target is down or failing. False: it answered, or the error is not about it. */
  isOutage(error: unknown): boolean;
  /** Whether no response came before the deadline. */
  isTimeout(error: unknown): boolean;
  /**
   * Back-off that the target requests for all calls of this caller. Milliseconds. Undefined: none is
   * requested, or only for one call.
   */
  requestedBackoffMs(error: unknown): number | undefined;
  /** The error of a call that the open breaker rejects. */
  openError(): Error;
}

/** Called synchronously on each change of state. */
export type BreakerListener = (change: { readonly from: BreakerState; readonly to: BreakerState }) => void;
