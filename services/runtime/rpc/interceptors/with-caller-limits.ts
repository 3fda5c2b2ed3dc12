import { createCallerLimits, type LimitRefusal } from '../../callers/caller-limits.ts';
import type { Grant } from '../../callers/grants.ts';
import { isOpen } from '../built-in/open-services.ts';
import type { Interceptor } from '../call.ts';
import { runtimeError } from '../reasons.ts';
import type { RpcError } from '../rpc-error.ts';

/**
 * Refuses what goes beyond the rate or the concurrency of the caller's grant (RATE_LIMITED), and says when to come again.
 * Must stand behind `withAuthorisation`, which finds the grant, and before everything that is work. Refused calls are not
 * counted.
 *
 * @param limits counts; default: a count of its own.
 */
export function withCallerLimits(limits = createCallerLimits()): Interceptor {
  return (next, method) => {
    if (isOpen(method)) return next;
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
  const told =
    limit === 'rate'
      ? `${ratePerSecond} calls a second, ${burst} at once`
      : `${concurrency} calls at work at the same time`;
  return runtimeError('RATE_LIMITED', `${caller} is over the limit of its grant "${name}": ${told}.`, {
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
