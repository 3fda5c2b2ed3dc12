import { errorReason, retryDelayMs } from '../call/call-errors.ts';

/** Reasons that concern all calls of this caller, and not one call or one server. */
const WAIT_REASONS = new Set<string | undefined>(['RATE_LIMITED', 'OVERLOADED']);
/**
 * Longest requested back-off that this client follows. Milliseconds. A faulty server must not silence its
 * callers for longer.
 */
export const MAX_REQUESTED_BACKOFF_MS = 60_000;

/**
 * Back-off that the service requests for all calls of this caller. Milliseconds. Undefined: none is
 * requested, or only for one call.
 */
export function requestedBackoffMs(error: unknown): number | undefined {
  if (!WAIT_REASONS.has(errorReason(error)?.reason)) return undefined;
  const delayMs = retryDelayMs(error);
  return delayMs && Math.min(delayMs, MAX_REQUESTED_BACKOFF_MS);
}

/** Keeps the latest requested back-off and the error that requested it. */
export function createRequestedBackoff(requestedMs: (error: unknown) => number | undefined) {
  let untilMs = Number.NEGATIVE_INFINITY;
  let requestError: unknown;
  return {
    isOver: () => performance.now() >= untilMs,
    leftMs: () => Math.max(0, untilMs - performance.now()),
    refuse: (): never => {
      throw requestError;
    },
    async run<Result>(call: () => Promise<Result>): Promise<Result> {
      try {
        return await call();
      } catch (error) {
        const delayMs = requestedMs(error);
        if (delayMs !== undefined && performance.now() + delayMs > untilMs) {
          untilMs = performance.now() + delayMs;
          requestError = error;
        }
        throw error;
      }
    },
  };
}
