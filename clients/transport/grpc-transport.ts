import type { DescMethod } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  createContextValues,
  type Interceptor,
  type Transport,
} from '@connectrpc/connect';
import { createMethodUrl, runStreamingCall } from '@connectrpc/connect/protocol';
import { Client } from '@grpc/grpc-js';
import { remainingMs } from './call/call-deadline.ts';
import { withCallerToken } from './call/caller-token.ts';
import { OpenCalls } from './call/open-calls.ts';
import { runUnary } from './call/run-unary.ts';
import { makeStreamCall } from './call/stream-call.ts';
import { makeUnaryCall } from './call/unary-call.ts';
import { isRetryable, toChannelOptions } from './channel/channel-options.ts';
import { toCredentials } from './channel/credentials.ts';
import { toTarget } from './channel/target.ts';
import { showKind, showValue } from './show-value.ts';
import {
  checkOptions,
  type GrpcTransportOptions,
  TransportOptionError,
  toDurationMs,
} from './transport-options.ts';

/** Default of `defaultTimeoutMs`, in milliseconds: several round trips and two retries. */
export const DEFAULT_TIMEOUT_MS = 1_000;
// 23 days. Timers end at 2^31 ms, and the gRPC header rounds the timeout up to whole seconds.
const LONGEST_TIMEOUT_MS = 2_000_000_000;

/** A Connect transport that owns its connections. */
export interface GrpcTransport extends Transport, Disposable {
  /**
   * Cancels open calls (CANCELED) and closes the connections. Later calls fail with CANCELED. A second
   * call does nothing.
   */
  close(): void;
}

/**
 * Creates a Connect transport over grpc-js for Connect's generated clients: `createClient(UserService,
 * createGrpcTransport({ address }))`. The first call opens the connections, which stay open. Create one
 * transport per target and process.
 * @throws TransportOptionError when an option cannot be used
 */
export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  checkOptions(options);
  const target = toTarget(options.address);
  const defaultTimeoutMs = toDurationMs(1, options, 'defaultTimeoutMs', DEFAULT_TIMEOUT_MS);
  const interceptors = toInterceptors(options);
  const client = new Client(target.uri, toCredentials(target, options), toChannelOptions(options));
  const openCalls = new OpenCalls(client);
  const isRetried = (method: DescMethod) =>
    isRetryable(method) && (options.retryReadsOf ?? []).includes(method.parent);
  const baseUrl = `${options.tls === undefined ? 'http' : 'https'}://${options.address}`;

  return {
    async unary(method, signal, timeoutMs, header, message, contextValues = createContextValues()) {
      const limit = toLimit(capByDeadline(timeoutMs ?? defaultTimeoutMs));
      return runUnary({
        request: {
          stream: false,
          service: method.parent,
          method,
          requestMethod: 'POST',
          url: createMethodUrl(baseUrl, method),
          header: new Headers(header),
          contextValues,
        },
        message,
        next: (request) =>
          makeUnaryCall(openCalls, request, { deadline: limit.deadline, isRetried: isRetried(method) }),
        interceptors,
        timeoutMs: limit.timeoutMs,
        signal,
      });
    },
    async stream(method, signal, timeoutMs, header, message, contextValues = createContextValues()) {
      const limit = timeoutMs === undefined ? undefined : toLimit(timeoutMs);
      const url = createMethodUrl(baseUrl, method);
      return runStreamingCall({
        req: {
          stream: true,
          service: method.parent,
          method,
          requestMethod: 'POST',
          url,
          header: new Headers(header),
          contextValues,
          message,
        },
        next: (request) => makeStreamCall(openCalls, request, limit?.deadline),
        interceptors,
        ...(limit && { timeoutMs: limit.timeoutMs }),
        ...(signal && { signal }),
      });
    },
    close: () => openCalls.close(),
    [Symbol.dispose]: () => openCalls.close(),
  };
}

/** NaN stays NaN, and `toLimit` refuses it. */
function capByDeadline(timeoutMs: number): number {
  return Math.min(timeoutMs, remainingMs() ?? Number.POSITIVE_INFINITY);
}

/**
 * The deadline as a duration, whose timer a jump of the clock cannot move, and as the date sent to the
 * server.
 */
function toLimit(timeoutMs: number): { timeoutMs: number; deadline: Date } {
  if (Number.isNaN(timeoutMs)) throw new ConnectError('timeoutMs is not a number', Code.InvalidArgument);
  if (timeoutMs <= 0)
    throw new ConnectError('the deadline had passed before the call', Code.DeadlineExceeded);
  const bounded = Math.min(timeoutMs, LONGEST_TIMEOUT_MS);
  return { timeoutMs: bounded, deadline: new Date(Date.now() + bounded) };
}

/**
 * The interceptors of every call, the first outermost. The caller token comes last.
 * @throws TransportOptionError when one is not a function
 */
function toInterceptors({ interceptors = [], callerToken }: GrpcTransportOptions): Interceptor[] {
  if (!Array.isArray(interceptors))
    throw new TransportOptionError(
      'interceptors',
      `${showValue(interceptors)} is not an array of interceptors`,
    );
  for (const [at, one] of interceptors.entries())
    if (typeof one !== 'function')
      throw new TransportOptionError('interceptors', `${showValue(one)} at [${at}] is not a function`);
  if (callerToken === undefined) return [...interceptors];
  // Not shown: it may be the token itself.
  if (typeof callerToken !== 'function')
    throw new TransportOptionError(
      'callerToken',
      `${showKind(callerToken)} is not a function; give () => token`,
    );
  // As the innermost it hides the token from other interceptors.
  return [...interceptors, withCallerToken(callerToken)];
}
