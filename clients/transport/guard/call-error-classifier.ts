import { Code, ConnectError } from '@connectrpc/connect';
import { errorReason, isCallNotSent } from '../call/call-errors.ts';
import type { ErrorClassifier } from './breaker-options.ts';
import { requestedBackoffMs } from './requested-backoff.ts';

/**
 * Codes that say that the service is away or failing. RESOURCE_EXHAUSTED is none: a caller over its limit, or a message over
 * the size, is answered; where the service says how long to wait, that is kept to.
 */
const OUTAGES: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Unknown,
  Code.Internal,
  Code.DataLoss,
]);

const timeouts = new WeakSet<object>();

/** Has the judge take the error for a timeout, whatever its code. */
export function markTimeout(error: ConnectError): void {
  timeouts.add(error);
}

/** Whether a call failed and no server said so: its deadline passed, or there was no connection for it. */
export function isUnanswered(error: unknown): error is ConnectError {
  if (!(error instanceof ConnectError)) return false;
  return error.code === Code.DeadlineExceeded || (error.code === Code.Unavailable && !errorReason(error));
}

/** What errors of gRPC calls mean, whichever service was called. Refusals of a caller are answers, and open no breaker. */
export const CALL_ERROR_CLASSIFIER: Omit<ErrorClassifier, 'openError'> = {
  isOutage: (error) => error instanceof ConnectError && OUTAGES.has(error.code) && !isCallNotSent(error),
  isTimeout: (error) =>
    error instanceof ConnectError &&
    (error.code === Code.DeadlineExceeded || timeouts.has(error)) &&
    !isCallNotSent(error),
  requestedBackoffMs: requestedBackoffMs,
};
