// Public API of @rollcall/transport/guard: a breaker and measurements around the calls of a process to other processes.
export { type Breaker, type BreakerAttempt, type BreakerParts, createBreaker } from './breaker.ts';
export {
  BREAKER_DEFAULTS,
  type BreakerJudge,
  type BreakerListener,
  type BreakerOptions,
  type BreakerState,
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
export { askedToWaitMs, LONGEST_WAIT_MS } from './wait.ts';
