import { errorReason, retryDelayMs } from '../call/call-errors.ts';

/** Reasons that speak of this caller as a whole, and not of the one call or the one server. */
const WAIT_REASONS = new Set<string | undefined>(['RATE_LIMITED', 'OVERLOADED']);
/** The longest wait that is obeyed, in ms: a server that is wrong about it must not silence its callers for good. */
export const MAX_REQUESTED_BACKOFF_MS = 60_000;

/** How long, in ms, the service wants this caller to ask nothing at all. Undefined: it did not say, or spoke of one call. */
export function requestedBackoffMs(error: unknown): number | undefined {
  if (!WAIT_REASONS.has(errorReason(error)?.reason)) return undefined;
  const delayMs = retryDelayMs(error);
  return delayMs && Math.min(delayMs, MAX_REQUESTED_BACKOFF_MS);
}

/** Remembers how long the target told this caller to wait, and in which words. */
export function createRequestedBackoff(askedMs: (error: unknown) => number | undefined) {
  let untilMs = Number.NEGATIVE_INFINITY;
  let told: unknown;
  return {
    isOver: () => performance.now() >= untilMs,
    leftMs: () => Math.max(0, untilMs - performance.now()),
    refuse: (): never => {
      throw told;
    },
    async heed<Result>(call: () => Promise<Result>): Promise<Result> {
      try {
        return await call();
      } catch (error) {
        const delayMs = askedMs(error);
        if (delayMs !== undefined && performance.now() + delayMs > untilMs) {
          untilMs = performance.now() + delayMs;
          told = error;
        }
        throw error;
      }
    },
  };
}
