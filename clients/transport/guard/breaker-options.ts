/** When to stop asking a service that fails, and when to try again. */
export interface BreakerOptions {
  /** Share of calls of the last 10 s above which failing ones trip it, in percent. Default 50. */
  errorThresholdPercentage?: number;
  /** Calls within the last 10 s below which the breaker stays closed whatever happens. Default 10. */
  volumeThreshold?: number;
  /** Timeouts in a row that trip it at any volume; an answer in between begins the row anew. Default 2. */
  timeoutThreshold?: number;
  /** Time in ms from the trip to the probes. Default 1000. */
  resetTimeoutMs?: number;
  /** Probes that must go well one after the other before it closes. Default 3. The client makes them itself, one at a time. */
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

/** Closed: calls pass. Open: they fail at once. Half-open: they fail at once too, and probes find out whether the service is back. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** What the errors of the calls to one target mean for its breaker. */
export interface ErrorClassifier {
  /** Whether the target is away or failing. False: it answered, or the error is not about it. */
  isOutage(error: unknown): boolean;
  /** Whether no answer came before the deadline. */
  isTimeout(error: unknown): boolean;
  /** Time in ms for which the target asked to be left alone altogether. Undefined: it did not ask, or spoke of one call. */
  requestedBackoffMs(error: unknown): number | undefined;
  /** The error of a call that the open breaker refuses. */
  openError(): Error;
}

/** Hears of each change of state, in the turn in which it happens. */
export type BreakerListener = (change: { readonly from: BreakerState; readonly to: BreakerState }) => void;
