import { Code, ConnectError } from '@connectrpc/connect';
import { errorReason, isCallNotSent } from '../call/call-errors.ts';
import type { ErrorClassifier } from './breaker-options.ts';
import { requestedBackoffMs } from './requested-backoff.ts';

/**
 * Codes of a service that is down or failing. RESOURCE_EXHAUSTED is a response: the caller is over its limit,
 * or the message over its size.
 */
const OUTAGES: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Unknown,
  Code.Internal,
  Code.DataLoss,
]);

const timeouts = new WeakSet<object>();

/** Makes the classifier treat the error as a timeout, whatever its code. */
export function markTimeout(error: ConnectError): void {
  timeouts.add(error);
}

/**
 * Whether a call failed without a response of a server: its deadline passed, or no connection was available.
 */
export function isUnanswered(error: unknown): error is ConnectError {
  if (!(error instanceof ConnectError)) return false;
  return error.code === Code.DeadlineExceeded || (error.code === Code.Unavailable && !errorReason(error));
}

/**
 * Classifies the errors of gRPC calls to any service. A refused call is a response, and does not open the
 * breaker.
 */
export const CALL_ERROR_CLASSIFIER: Omit<ErrorClassifier, 'openError'> = {
  isOutage: (error) => error instanceof ConnectError && OUTAGES.has(error.code) && !isCallNotSent(error),
  isTimeout: (error) =>
    error instanceof ConnectError &&
    (error.code === Code.DeadlineExceeded || timeouts.has(error)) &&
    !isCallNotSent(error),
  requestedBackoffMs: requestedBackoffMs,
};
