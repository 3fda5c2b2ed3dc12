import type { Call, Interceptor } from '../call.ts';
import { runtimeError } from '../errors.ts';
import type { LoadGauge } from './load-gauge.ts';

/**
 * Load from which each class of calls is refused, expensive calls that can wait first. 1: the most that the
 * process takes.
 */
export const SHED_FROM = { search: 0.5, write: 0.7, wideRead: 0.85, read: 1 } as const;

/** Priority class of a call. */
export type CallClass = keyof typeof SHED_FROM;

/** Options of `withShedding`. */
export interface SheddingOptions {
  readonly gauge: LoadGauge;
  /**
   * Returns the class of a call. Undefined: it is always served and not counted. Called for every call, so it
   * must be fast.
   */
  readonly classOf: (call: Call) => CallClass | undefined;
}

const RETRY_MS = 200;

/**
 * Refuses calls when the process is overloaded, the least important ones first: UNAVAILABLE with the reason
 * OVERLOADED, which is safe to retry after the given delay. Must stand behind `withObservation`, and before
 * expensive work.
 */
export function withShedding({ gauge, classOf }: SheddingOptions): Interceptor {
  return (next) => async (call) => {
    const kind = classOf(call);
    if (kind === undefined) return next(call);
    if (gauge.load >= SHED_FROM[kind]) {
      gauge.shed();
      throw overloaded(kind);
    }
    const end = gauge.begin();
    try {
      await next(call);
    } finally {
      end();
    }
  };
}

function overloaded(kind: CallClass) {
  return runtimeError(
    'OVERLOADED',
    'The process has more calls than it can serve; try again later, or elsewhere.',
    {
      metadata: { class: kind },
      // With jitter, so that refused callers do not return together.
      retryDelayMs: RETRY_MS * (1 + Math.random()),
    },
  );
}
