import { createCallerLimits, type LimitRefusal } from '../../callers/caller-limits.ts';
import type { Grant } from '../../callers/grants.ts';
import { isPublicMethod } from '../access-control.ts';
import { type Call, type Interceptor, methodPath } from '../call.ts';
import { type RpcError, runtimeError } from '../errors.ts';
import type { PublicCallLimits } from '../ingress/public-call-limits.ts';

/**
 * Refuses calls over the rate or concurrency of the caller's grant (RATE_LIMITED), with the time to wait.
 * Refused calls are not counted. Must stand behind `withAuthorisation`, which finds the grant, and before all
 * work.
 * @param limits counter of calls; default: a new one
 */
export function withCallerLimits(limits = createCallerLimits()): Interceptor {
  return (next, method) => {
    if (isPublicMethod(method)) return next;
    return async (call) => {
      if (!call.grant) return next(call);
      const entered = limits.enter(call.grant);
      if (typeof entered !== 'function') throw rateLimited(call.grant, entered);
      try {
        await next(call);
      } finally {
        entered();
      }
    };
  };
}

function rateLimited({ caller, name, limits }: Grant, { limit, retryMs }: LimitRefusal): RpcError {
  const { ratePerSecond, burst, concurrency } = limits;
  const limitText =
    limit === 'rate'
      ? `${ratePerSecond} calls a second, ${burst} at once`
      : `${concurrency} calls at work at the same time`;
  return runtimeError('RATE_LIMITED', `${caller} is over the limit of its grant "${name}": ${limitText}.`, {
    retryDelayMs: retryMs,
    metadata: {
      caller,
      grant: name,
      limit,
      rate_per_second: String(ratePerSecond),
      burst: String(burst),
      concurrency: String(concurrency),
    },
  });
}

/**
 * Limits public methods, which no grant limits: RATE_LIMITED, with the time to wait. Must stand behind
 * `withObservation`, and before all work.
 */
export function withPublicCallLimits(limits: PublicCallLimits): Interceptor {
  return (next, method) => {
    if (!isPublicMethod(method)) return next;
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

/** Counts each request of a public stream as a call. The first one was counted with the stream. */
export async function* countRequests<T>(
  requests: AsyncIterable<T>,
  { peer, method }: Pick<Call, 'peer' | 'method'>,
  limits: PublicCallLimits,
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
