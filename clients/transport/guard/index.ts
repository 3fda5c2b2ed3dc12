// Public API of @rollcall/transport/guard: a circuit breaker and measurements around outgoing calls.
export { type Breaker, type BreakerAttempt, type BreakerParts, createBreaker } from './breaker.ts';
export {
  BREAKER_DEFAULTS,
  type BreakerListener,
  type BreakerOptions,
  type BreakerState,
  type ErrorClassifier,
} from './breaker-options.ts';
export {
  type CallGuard,
  type CallGuardOptions,
  createCallGuard,
  type GuardedCall,
  isTargetUnavailable,
} from './call-guard.ts';
export { guardTransport } from './guard-transport.ts';
export { type CallEnd, type CallObserver, observeCalls } from './observe-calls.ts';
export { MAX_REQUESTED_BACKOFF_MS, requestedBackoffMs } from './requested-backoff.ts';
