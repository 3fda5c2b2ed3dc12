import { Code, ConnectError } from '@connectrpc/connect';
import { LOCAL_CALLER } from '../../callers/caller-id.ts';
import type { Logger } from '../../log/logger.ts';
import { type RpcMetrics, statusName } from '../../metrics/metrics.ts';
import { type Call, type Handler, type Interceptor, methodPath } from '../call.ts';
import { RpcError, runtimeError, toConnectError } from '../errors.ts';

// A message may repeat the request, which may be megabytes.
const MAX_LOGGED_CHARS = 2000;

/** Options of `withObservation`. */
interface ObservationOptions {
  readonly logger: Logger;
  readonly metrics: RpcMetrics;
  /** Converts an error of the service. Undefined: an unknown error, sent as INTERNAL. */
  readonly toRpcError: (error: unknown) => RpcError | undefined;
}

/**
 * Ends every call in one place: counts, times and logs it, and converts its error for the caller. An unknown
 * error is sent as INTERNAL with a fixed sentence, and logged in full. Must stand behind `withRequestId` and
 * before all other interceptors, so that refusals are seen too.
 */
export function withObservation(options: ObservationOptions): Interceptor {
  return (next: Handler) => async (call: Call) => {
    const startedAt = performance.now();
    try {
      await next(call);
      record(options, call, { startedAt });
    } catch (cause) {
      const error = toKnownError(options, call, cause);
      record(options, call, { startedAt, error });
      throw toConnectError(error, call.requestId);
    }
  };
}

function toKnownError(options: ObservationOptions, call: Call, cause: unknown): RpcError {
  if (cause instanceof RpcError) return cause;
  if (call.signal.aborted) return toAbortError(call);
  const known = options.toRpcError(cause);
  if (known) return known;
  if (cause instanceof ConnectError && cause.code !== Code.Unknown) {
    return new RpcError({ code: cause.code, reason: 'INTERNAL' }, cause.rawMessage, { cause });
  }
  return runtimeError(
    'INTERNAL',
    `The service failed. Its log tells more under request id ${call.requestId}.`,
    { cause },
  );
}

function toAbortError(call: Call): RpcError {
  if (call.signal.reason instanceof RpcError) return call.signal.reason;
  const left = call.timeoutMs();
  return left !== undefined && left <= TIMER_SLACK_MS
    ? runtimeError('DEADLINE_EXCEEDED', 'The deadline passed before the answer was ready.')
    : runtimeError('CANCELLED', 'The caller went away before the answer was ready.');
}

function record(options: ObservationOptions, call: Call, end: { startedAt: number; error?: RpcError }): void {
  const ms = performance.now() - end.startedAt;
  const code = end.error ? end.error.code : 0;
  options.metrics.observe(call, code, ms / 1000);
  const level = logLevel(call, end.error);
  if (!options.logger.isLevelEnabled(level)) return;
  const line = {
    requestId: call.requestId,
    method: methodPath(call.method),
    protocol: call.protocol,
    peer: call.peer,
    ...(call.caller !== '' && call.caller !== LOCAL_CALLER && { caller: call.caller }),
    code: statusName(code),
    ms: Math.round(ms * 1000) / 1000,
    ...(end.error && {
      reason: end.error.reason,
      error: end.error.message.slice(0, MAX_LOGGED_CHARS),
      cause: end.error.cause,
    }),
  };
  options.logger[level](line, 'call');
}

// A timer may fire slightly early by another clock.
const TIMER_SLACK_MS = 5;

// Mistakes of callers are theirs to notice; our own must stand out.
function logLevel({ method }: Call, error: RpcError | undefined): 'debug' | 'info' | 'warn' | 'error' {
  // Refusals by overload are logged together: in a flood, a line for each would be a load of its own.
  if (!error || error.reason === 'OVERLOADED') return 'debug';
  if (error.code === Code.Internal || error.code === Code.Unknown || error.code === Code.DataLoss)
    return 'error';
  // Streams are meant to end at their deadline.
  if (error.code === Code.DeadlineExceeded) return method.methodKind === 'unary' ? 'warn' : 'info';
  if (error.code === Code.Unavailable) return 'warn';
  if (error.reason === 'DATABASE_FULL') return 'warn';
  return 'info';
}
