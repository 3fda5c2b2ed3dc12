import { randomUUID } from 'node:crypto';
import type { ConnectError } from '@connectrpc/connect';
import { Code } from '@connectrpc/connect';
import type { Logger } from '../logger.ts';
import { RUNTIME_REASONS, type RuntimeReason, runtimeError } from './reasons.ts';
import { RpcError, toConnectError } from './rpc-error.ts';
import { statusName } from './status-name.ts';

/** A call that a door's library ended by itself, before the chain of interceptors saw it. */
export interface UnservedCall {
  readonly method: string;
  readonly door: string;
  readonly peer: string;
  readonly code: number;
  readonly message: string;
}

/**
 * Gives such a call what every other one gets: a request id, a line in the log, and an error with a reason.
 * A message over the limit and one that is not of the request's type are the two that occur.
 */
export function explainUnserved(logger: Logger, call: UnservedCall): ConnectError {
  const requestId = randomUUID();
  const { code, message, ...where } = call;
  logger.info(
    { requestId, ...where, code: statusName(code), error: message },
    'call ended before it was read',
  );
  const reason = reasonOf(code);
  const error = reason
    ? runtimeError(reason, message)
    : new RpcError({ code, reason: 'INTERNAL' satisfies RuntimeReason }, message);
  return toConnectError(error, requestId);
}

function reasonOf(code: number): RuntimeReason | undefined {
  if (code === RUNTIME_REASONS.MESSAGE_TOO_LARGE) return 'MESSAGE_TOO_LARGE';
  if (code === RUNTIME_REASONS.MESSAGE_MALFORMED) return 'MESSAGE_MALFORMED';
  if (code === RUNTIME_REASONS.NOT_IMPLEMENTED) return 'NOT_IMPLEMENTED';
  if (code === Code.DeadlineExceeded) return 'DEADLINE_EXCEEDED';
  return code === Code.Canceled ? 'CANCELLED' : undefined;
}
