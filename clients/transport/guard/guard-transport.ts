import type { DescMethod } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '@rollcall/contract/health';
import { remainingMs } from '../call/call-deadline.ts';
import { isUnanswered, markTimeout } from './call-error-classifier.ts';
import type { CallGuard, GuardedCall } from './call-guard.ts';

/**
 * The time in ms that a call must have had for its timeout to say something about the target: some hundred times what a service
 * here takes when it is well. Our own choice. A target may have a shorter default deadline; then that is it.
 */
const COUNTED_TIMEOUT_MS = 500;
/** A call that is canceled this close, in ms, before the deadline of its own caller was not answered before that deadline. */
const DEADLINE_SLACK_MS = 50;

/**
 * A transport over which the guard's breaker lets calls pass. Streams pass while it is closed, and say nothing about the target,
 * because their readers see to their silence. While the breaker is open the guard repeats the read that failed last, outside of
 * its caller's deadline; a write is never repeated, and the target's health is asked in its place.
 * @param defaultTimeoutMs deadline in ms of a call over `transport` that names none
 */
export function guardTransport(transport: Transport, guard: CallGuard, defaultTimeoutMs: number): Transport {
  const countedMs = Math.min(COUNTED_TIMEOUT_MS, defaultTimeoutMs);
  const waiting = createWaiting(countedMs);
  return {
    unary(method, signal, timeoutMs, header, message, contextValues) {
      const askedMs = timeoutMs ?? defaultTimeoutMs;
      const hadMs = Math.min(askedMs, remainingMs() ?? Number.POSITIVE_INFINITY);
      const call = () => transport.unary(method, signal, timeoutMs, header, message, contextValues);
      // For later pages of a search `askedMs` is what an earlier page left over.
      const probeMs = Math.max(askedMs, countedMs);
      const repeat = (ended: AbortSignal) =>
        transport.unary(method, ended, probeMs, header, message, contextValues);
      const probe = isRead(method)
        ? { probe: repeat }
        : { probe: toHealthProbe(transport, method, probeMs), probeMethod: HEALTH_CHECK };
      const about = { method: pathOf(method), isCutShort: hadMs < countedMs, ...probe };
      return guard.run(() => waiting(call), about);
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
 * Runs calls so that a wait in vain counts as a timeout, whatever ended it. A target that hangs accepts connections and gives none
 * back that a call could use: one call waits until the channel gives up, and those behind it fail at once.
 */
function createWaiting(countedMs: number): <Result>(call: () => Promise<Result>) => Promise<Result> {
  let wasInVain = false;
  return async (call) => {
    const startedMs = performance.now();
    try {
      const result = await call();
      wasInVain = false;
      return result;
    } catch (error) {
      const hasWaited = performance.now() - startedMs >= countedMs - DEADLINE_SLACK_MS;
      const fault = hasWaited ? orDeadline(error) : error;
      const isInVain = isUnanswered(fault) && (hasWaited || wasInVain);
      if (isInVain) markTimeout(fault);
      wasInVain = isInVain;
      throw fault;
    }
  };
}

/**
 * A caller whose deadline passes takes its call back, often a moment before this process sees the deadline pass itself. The target
 * let it pass all the same.
 */
function orDeadline(error: unknown): unknown {
  const isCanceled = error instanceof ConnectError && error.code === Code.Canceled;
  const leftMs = remainingMs() ?? Number.POSITIVE_INFINITY;
  if (!isCanceled || leftMs > DEADLINE_SLACK_MS) return error;
  const message = 'the deadline of the caller passed';
  return new ConnectError(message, Code.DeadlineExceeded, undefined, undefined, error);
}
