import { randomUUID } from 'node:crypto';
import { Code, type ConnectError } from '@connectrpc/connect';
import type { Logger } from '../log/logger.ts';
import { statusName } from '../metrics/metrics.ts';
import { RpcError, RUNTIME_REASONS, type RuntimeReason, runtimeError, toConnectError } from './errors.ts';

/** A call that a server library ended by itself, before the chain of interceptors. */
export interface UnservedCall {
  readonly method: string;
  readonly protocol: string;
  readonly peer: string;
  readonly code: number;
  /** Message of the library. It may repeat parts of the request, so it is neither sent nor logged. */
  readonly message: string;
}

/** Origin of such a call. */
type UnservedWhere = Pick<UnservedCall, 'method' | 'protocol' | 'peer'>;

/** Logs calls that ended before they were read. */
export interface UnservedLog {
  /**
   * Logs the call with a new request id, and converts its status into an error with a reason. The texts are
   * fixed, because the library's own repeat parts of the request.
   */
  explain(call: UnservedCall): ConnectError;
  /** Logs the call with an error of ours, and converts that. */
  record(where: UnservedWhere, error: RpcError): ConnectError;
}

// A line for each call of a flood would be a load of its own, and any client can cause one.
const MAX_LINES = 20;
const PERIOD_MS = 1000;

/**
 * Creates one log for both servers of a process. Beyond 20 lines a second, calls are counted in the next
 * line.
 */
export function createUnservedLog(logger: Logger): UnservedLog {
  let startedAtMs = Number.NEGATIVE_INFINITY;
  let lines = 0;
  let omitted = 0;
  const write = (line: object) => {
    const nowMs = performance.now();
    if (nowMs - startedAtMs >= PERIOD_MS) {
      startedAtMs = nowMs;
      lines = 0;
    }
    if (lines >= MAX_LINES) {
      omitted++;
      return;
    }
    lines++;
    logger.info({ ...line, ...(omitted > 0 && { omitted }) }, 'call ended before it was read');
    omitted = 0;
  };
  const record: UnservedLog['record'] = (where, error) => {
    const requestId = randomUUID();
    write({
      requestId,
      ...where,
      code: statusName(error.code),
      reason: error.reason,
      error: error.message,
    });
    return toConnectError(error, requestId);
  };
  return {
    record,
    explain: ({ code, message, ...where }) => record(where, toKnownError(code, message)),
  };
}

const SENTENCES = {
  MESSAGE_TOO_LARGE: 'The message is larger than the method takes, or the service sends.',
  MESSAGE_MALFORMED:
    'The request cannot be read as a message of the method: look at its form, encoding and compression, and for a name that is given twice.',
  DEADLINE_EXCEEDED: 'The deadline passed before the call was served.',
  CANCELLED: 'The caller went away before the request was read.',
  NOT_IMPLEMENTED: 'The service has no such method, or does not take requests in this form.',
} as const satisfies Partial<Record<RuntimeReason, string>>;

// Messages of grpc-js and Connect about unreadable requests, whose status code blames the server or the
// method.
const UNREADABLE =
  /deserializ|decompress|timeout value|invalid timeout|no request message|multiple request messages|parse binary|decode|premature EOF/i;

function toKnownError(code: number, message: string): RpcError {
  const reason = UNREADABLE.test(message) ? 'MESSAGE_MALFORMED' : REASON_BY_CODE[code];
  if (reason) return runtimeError(reason, SENTENCES[reason]);
  return new RpcError(
    { code, reason: 'INTERNAL' satisfies RuntimeReason },
    'The call failed before it was read.',
  );
}

const REASON_BY_CODE: Readonly<Record<number, keyof typeof SENTENCES>> = {
  [RUNTIME_REASONS.MESSAGE_TOO_LARGE]: 'MESSAGE_TOO_LARGE',
  [Code.InvalidArgument]: 'MESSAGE_MALFORMED',
  [Code.Unimplemented]: 'NOT_IMPLEMENTED',
  [Code.DeadlineExceeded]: 'DEADLINE_EXCEEDED',
  [Code.Canceled]: 'CANCELLED',
};
