import { type Interceptor, methodPath } from '../call.ts';
import type { OpenCallLimits } from '../ingress/open-call-limits.ts';
import { isOpen } from '../open-services.ts';
import { runtimeError } from '../reasons.ts';

/**
 * Bounds the methods that everybody may call, which no grant bounds: RATE_LIMITED, and when to come again.
 * Must stand behind `withObservation`, and before everything that is work.
 */
export function withOpenCallLimits(limits: OpenCallLimits): Interceptor {
  return (next, method) => {
    if (!isOpen(method)) return next;
    const name = methodPath(method);
    return async (call) => {
      const entered = limits.enter(name, call.peer);
      if (typeof entered !== 'function') {
        throw runtimeError(
          'RATE_LIMITED',
          `${name} is asked for too often from one address, or by too many at once.`,
          {
            retryDelayMs: entered.retryMs,
            metadata: { limit: entered.limit },
          },
        );
      }
      try {
        await next(call);
      } finally {
        entered();
      }
    };
  };
}
