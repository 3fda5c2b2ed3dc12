import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import { BREAKER_DEFAULTS, type BreakerOptions, type ErrorClassifier } from './breaker-options.ts';

export type Call<Result = unknown> = () => Promise<Result>;
type Circuit = CircuitBreaker<[Call], unknown>;

const WINDOW_MS = 10_000;
const BUCKETS = 10;

/**
 * Creates the opossum circuit without a timeout: deadlines end calls. The options are a fresh object, because
 * opossum writes into it.
 */
export function createCircuit(
  options: BreakerOptions,
  { rotation, isOutage }: { rotation: EventEmitter; isOutage: ErrorClassifier['isOutage'] },
): Circuit {
  return new CircuitBreaker((call: Call) => call(), {
    timeout: false,
    errorThresholdPercentage: options.errorThresholdPercentage ?? BREAKER_DEFAULTS.errorThresholdPercentage,
    volumeThreshold: options.volumeThreshold ?? BREAKER_DEFAULTS.volumeThreshold,
    resetTimeout: options.resetTimeoutMs ?? BREAKER_DEFAULTS.resetTimeoutMs,
    rollingCountTimeout: WINDOW_MS,
    rollingCountBuckets: BUCKETS,
    rotateBucketController: rotation,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    name: 'rollcall',
    errorFilter: (error) => !isOutage(error),
  });
}

/** Starts the rolling window of the failure rate. Rotating it by hand is the only way to empty it. */
export function startWindow() {
  const rotation = new EventEmitter();
  const rotate = () => void rotation.emit('rotate');
  const timer = setInterval(rotate, WINDOW_MS / BUCKETS).unref();
  return {
    rotation,
    empty: () => {
      for (let i = 0; i < BUCKETS; i++) rotate();
    },
    stop: () => clearInterval(timer),
  };
}
