import type { DescMethod } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '@rollcall/contract/health';
import { remainingMs } from '../call/call-deadline.ts';
import { isUnanswered, markTimeout } from './call-error-classifier.ts';
import type { CallGuard, GuardedCall } from './call-guard.ts';

/**
 * Time that a call must have for its timeout to say something about the target. Milliseconds: some hundred
 * times the usual latency, or the default deadline of the target when that is shorter. Our own choice.
 */
const COUNTED_TIMEOUT_MS = 500;
/** A call that is canceled this close before its caller's deadline counts as timed out. Milliseconds. */
const DEADLINE_SLACK_MS = 50;

/**
 * Wraps a transport with a guard. Streams pass while the breaker is closed and do not count: their readers
 * detect silence themselves. The open breaker repeats the read that failed last, outside of its caller's
 * deadline; in place of a write it asks for the health of the target.
 * @param defaultTimeoutMs deadline of a call over `transport` without one; milliseconds
 */
export function guardTransport(transport: Transport, guard: CallGuard, defaultTimeoutMs: number): Transport {
  const countedMs = Math.min(COUNTED_TIMEOUT_MS, defaultTimeoutMs);
  const markTimeouts = createTimeoutMarker(countedMs);
  return {
    unary(method, signal, timeoutMs, header, message, contextValues) {
      const askedMs = timeoutMs ?? defaultTimeoutMs;
      const hadMs = Math.min(askedMs, remainingMs() ?? Number.POSITIVE_INFINITY);
      const call = () => transport.unary(method, signal, timeoutMs, header, message, contextValues);
      // For later pages of a search `askedMs` is the rest of an earlier deadline.
      const probeMs = Math.max(askedMs, countedMs);
      const repeat = (ended: AbortSignal) =>
        transport.unary(method, ended, probeMs, header, message, contextValues);
      const probe = isRead(method)
        ? { probe: repeat }
        : { probe: toHealthProbe(transport, method, probeMs), probeMethod: HEALTH_CHECK };
      const about = { method: pathOf(method), isCutShort: hadMs < countedMs, ...probe };
      return guard.run(() => markTimeouts(call), about);
    },
    async stream(method, signal, timeoutMs, header, messages, contextValues) {
      guard.requireClosed(pathOf(method));
      return await transport.stream(method, signal, timeoutMs, header, messages, contextValues);
    },
  };
}

const HEALTH_CHECK = `${Health.typeName}/${Health.method.check.name}`;

function pathOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function isRead({ idempotency }: DescMethod): boolean {
  return idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

function toHealthProbe(transport: Transport, method: DescMethod, timeoutMs: number): GuardedCall['probe'] {
  const health = createClient(Health, transport);
  return async (signal) => {
    const { status } = await health.check({ service: method.parent.typeName }, { signal, timeoutMs });
    if (status !== ServingStatus.SERVING)
      throw new ConnectError('the service says that it does not serve now', Code.Unavailable);
  };
}

/**
 * Makes every wait without a response count as a timeout. A target that hangs accepts connections and never
 * answers: one call waits until the channel gives up, and the calls behind it fail at once.
 */
function createTimeoutMarker(countedMs: number): <Result>(call: () => Promise<Result>) => Promise<Result> {
  let wasUnanswered = false;
  return async (call) => {
    const startedMs = performance.now();
    try {
      const result = await call();
      wasUnanswered = false;
      return result;
    } catch (error) {
      const hasWaited = performance.now() - startedMs >= countedMs - DEADLINE_SLACK_MS;
      const fault = hasWaited ? toDeadlineError(error) : error;
      const isTimeout = isUnanswered(fault) && (hasWaited || wasUnanswered);
      if (isTimeout) markTimeout(fault);
      wasUnanswered = isTimeout;
      throw fault;
    }
  };
}

/**
 * Turns a cancellation at the deadline into DEADLINE_EXCEEDED. A caller often cancels a moment before this
 * process sees the deadline pass.
 */
function toDeadlineError(error: unknown): unknown {
  const isCanceled = error instanceof ConnectError && error.code === Code.Canceled;
  const leftMs = remainingMs() ?? Number.POSITIVE_INFINITY;
  if (!isCanceled || leftMs > DEADLINE_SLACK_MS) return error;
  const message = 'the deadline of the caller passed';
  return new ConnectError(message, Code.DeadlineExceeded, undefined, undefined, error);
}
