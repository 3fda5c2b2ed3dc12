import {
  type Breaker,
  type BreakerListener,
  type BreakerOptions,
  createBreaker,
  requestedBackoffMs,
} from '@rollcall/transport/guard';
import { BreakerOpenError, isOutage, isTimeout } from '../model/classify-error.ts';

export {
  BREAKER_DEFAULTS,
  type Breaker,
  type BreakerAttempt,
  type BreakerOptions,
  type BreakerState,
} from '@rollcall/transport/guard';

/** Makes the breaker between this client and the user service. @throws BreakerOpenError from `run` while it is open. */
export function createUserBreaker(options: BreakerOptions = {}, onChange?: BreakerListener): Breaker {
  return createBreaker({ classifier: CLASSIFIER, options, onChange });
}

const CLASSIFIER = { isOutage, isTimeout, requestedBackoffMs, openError: () => new BreakerOpenError() };
