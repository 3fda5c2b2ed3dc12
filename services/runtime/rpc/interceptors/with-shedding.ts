import type { Call, Interceptor } from '../call.ts';
import { runtimeError } from '../errors.ts';
import type { LoadGauge } from './load-gauge.ts';

/**
 * What goes first when there is too much: what is dear and can wait. Each is refused from this load on, 1 being the most that
 * the process takes.
 */
export const SHED_FROM = { search: 0.5, write: 0.7, wideRead: 0.85, read: 1 } as const;

/** What a call is worth keeping. */
export type CallClass = keyof typeof SHED_FROM;

/** What `withShedding` needs. */
export interface SheddingOptions {
  readonly gauge: LoadGauge;
  /** The class of a call; undefined: it is always served, and not counted. Called for each call, so it must be cheap. */
  readonly classOf: (call: Call) => CallClass | undefined;
}

const RETRY_MS = 200;

/**
 * Refuses calls that the process has no room for, the least important ones first, before they cost more than the look. The
 * refusal is UNAVAILABLE with the reason OVERLOADED: safe to repeat, and it says when.
 * Must stand behind `withObservation`, and before everything that costs much.
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
      // Spread, so that those who were refused together do not come back together.
      retryDelayMs: RETRY_MS * (1 + Math.random()),
    },
  );
}
