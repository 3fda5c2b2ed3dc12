import { setTimeout as sleep } from 'node:timers/promises';
import { BillingError } from '../errors.ts';

/** Stripe cannot be asked any more for now, or a person said stop. What was written down stays. */
export class RunCutOff extends Error {
  override readonly name = 'RunCutOff';
  readonly why: 'throttled' | 'unavailable' | 'interrupted';

  constructor(why: RunCutOff['why'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}

/** How requests are paced. */
interface PacerOptions {
  /** Most requests in a second. */
  readonly ratePerS: number;
  /** How often one is tried where Stripe cannot be asked. */
  readonly maxAttempts: number;
  /** The longest to wait between two tries, in ms; where Stripe wants more, the run is cut off. */
  readonly maxWaitMs: number;
  readonly signal: AbortSignal;
}

/** Calls one after another, no faster than the rate. Throws RunCutOff. */
export type Pacer = <T>(call: () => Promise<T>) => Promise<T>;

/** Waits as long as Stripe says where it is asked too often, twice as long at each further try. */
export function createPacer({ ratePerS, maxAttempts, maxWaitMs, signal }: PacerOptions): Pacer {
  let nextAt = 0;
  const wait = async (ms: number) => {
    try {
      await sleep(Math.max(0, ms), undefined, { signal });
    } catch (cause) {
      throw new RunCutOff('interrupted', 'The run was stopped.', { cause });
    }
  };
  return async (call) => {
    for (let attempt = 1; ; attempt++) {
      await wait(nextAt - performance.now());
      nextAt = performance.now() + 1000 / ratePerS;
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof BillingError) || error.reason !== 'STRIPE_UNAVAILABLE') throw error;
        const delayMs = (error.retryDelayMs ?? 1000) * 2 ** (attempt - 1);
        if (attempt >= maxAttempts || delayMs > maxWaitMs) throw cutOff(error);
        await wait(delayMs);
      }
    }
  };
}

function cutOff(error: BillingError): RunCutOff {
  const isThrottled = error.metadata.why === 'rate_limited';
  return new RunCutOff(isThrottled ? 'throttled' : 'unavailable', error.message, { cause: error });
}
