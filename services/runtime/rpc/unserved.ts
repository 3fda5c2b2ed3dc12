import { randomUUID } from 'node:crypto';
import { Code, type ConnectError } from '@connectrpc/connect';
import type { Logger } from '../log/logger.ts';
import { statusName } from '../metrics/metrics.ts';
import { RpcError, RUNTIME_REASONS, type RuntimeReason, runtimeError, toConnectError } from './errors.ts';

/** A call that a door's library ended by itself, before the chain of interceptors saw it. */
export interface UnservedCall {
  readonly method: string;
  readonly protocol: string;
  readonly peer: string;
  readonly code: number;
  /** The library's own words; may repeat what was sent, so they go no further than where they are looked at. */
  readonly message: string;
}

/** Where such a call came from. */
export type UnservedWhere = Pick<UnservedCall, 'method' | 'protocol' | 'peer'>;

/** Tells of calls that ended before they were read. */
export interface UnservedLog {
  /**
   * Gives such a call what every other one gets: a request id, a line in the log, and an error with a reason. What the
   * library says is told by fixed sentences: its own words repeat a piece of what was sent.
   */
  explain(call: UnservedCall): ConnectError;
  /** Does so for an error that is ours. */
  record(where: UnservedWhere, error: RpcError): ConnectError;
}

// In a flood, a line for each would be a load of its own, and nobody has to be known to cause one.
const MAX_LINES = 20;
const PERIOD_MS = 1000;

/** One log for both servers of a process: of more than 20 such calls a second, the rest are counted in the next line. */
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

// What grpc-js and Connect say of a request that cannot be read, although the code says that the fault is ours or the method's.
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
