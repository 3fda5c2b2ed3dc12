import { setTimeout as sleep } from 'node:timers/promises';
import { BillingError } from '../errors.ts';

/**
 * A run stopped early, because Stripe is unavailable or the process was interrupted. Its recorded progress
 * stays.
 */
export class RunCutOff extends Error {
  override readonly name = 'RunCutOff';
  readonly why: 'throttled' | 'unavailable' | 'interrupted';

  constructor(why: RunCutOff['why'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}

interface PacerOptions {
  /** The maximum number of requests per second. */
  readonly ratePerS: number;
  /** The maximum number of attempts of one request while Stripe is unavailable. */
  readonly maxAttempts: number;
  /** The maximum delay between two attempts, in ms. The run stops when Stripe asks for a longer one. */
  readonly maxWaitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs calls one after another, within the rate.
 * @throws RunCutOff when Stripe stays unavailable or the run is interrupted.
 */
export type Pacer = <T>(call: () => Promise<T>) => Promise<T>;

/** Creates a pacer. It waits as long as Stripe asks for, and twice as long at each further attempt. */
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
