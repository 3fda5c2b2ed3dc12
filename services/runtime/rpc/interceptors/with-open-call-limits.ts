import type { LimitRefusal } from '../../callers/caller-limits.ts';
import { isOpen } from '../built-in/open-services.ts';
import { type Call, type Interceptor, methodPath } from '../call.ts';
import type { OpenCallLimits } from '../ingress/open-call-limits.ts';
import { runtimeError } from '../reasons.ts';
import type { RpcError } from '../rpc-error.ts';

/**
 * Bounds the methods that everybody may call, which no grant bounds: RATE_LIMITED, and when to come again.
 * Must stand behind `withObservation`, and before everything that is work.
 */
export function withOpenCallLimits(limits: OpenCallLimits): Interceptor {
  return (next, method) => {
    if (!isOpen(method)) return next;
    const name = methodPath(method);
    const isBidi = method.methodKind === 'bidi_streaming';
    return async (call) => {
      const entered = limits.enter(name, call.peer, isBidi);
      if (typeof entered !== 'function') throw askedTooOften(name, entered);
      try {
        await next(call);
      } finally {
        entered();
      }
    };
  };
}

/** Requests of a stream that everybody may open, each counted as a call is; the first one is the call. */
export async function* countRequests<T>(
  requests: AsyncIterable<T>,
  { peer, method }: Pick<Call, 'peer' | 'method'>,
  limits: OpenCallLimits,
): AsyncGenerator<T> {
  const name = methodPath(method);
  let isFirst = true;
  for await (const request of requests) {
    const refusal = isFirst ? undefined : limits.count(name, peer);
    isFirst = false;
    if (refusal) throw askedTooOften(name, refusal);
    yield request;
  }
}

function askedTooOften(name: string, { limit, retryMs }: LimitRefusal): RpcError {
  const message = `${name} is asked for too often from one address, or by too many at once.`;
  return runtimeError('RATE_LIMITED', message, { retryDelayMs: retryMs, metadata: { limit } });
}
