import { Code, ConnectError } from '@connectrpc/connect';
import { status } from '@grpc/grpc-js';
import { isCallNotSent } from '../call-not-sent.ts';
import type { BreakerJudge } from './breaker.ts';
import { askedToWaitMs } from './wait.ts';

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

/** What errors of gRPC calls mean, whichever service was called. Refusals of a caller are answers, and open no breaker. */
export const CALL_JUDGE: Omit<BreakerJudge, 'refusal'> = {
  isOutage: (error) => error instanceof ConnectError && OUTAGES.has(error.code) && !isCallNotSent(error),
  isTimeout: (error) =>
    error instanceof ConnectError && error.code === Code.DeadlineExceeded && !isCallNotSent(error),
  askedToWaitMs,
};

/** The name of an error's code as gRPC's documents have it: `NOT_FOUND`. An error that is no ConnectError is `UNKNOWN`. */
export function codeOfCall(error: unknown): string {
  const code = error instanceof ConnectError ? error.code : Code.Unknown;
  return status[code] ?? `CODE_${code}`;
}
