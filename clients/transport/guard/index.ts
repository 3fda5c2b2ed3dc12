// The door of @rollcall/transport/guard: a breaker and measurements around the calls that a process makes to others.
export {
  BREAKER_DEFAULTS,
  type Breaker,
  type BreakerAttempt,
  type BreakerJudge,
  type BreakerListener,
  type BreakerOptions,
  type BreakerParts,
  type BreakerState,
  createBreaker,
} from './breaker.ts';
export {
  type CallEnd,
  type CallGuard,
  type CallGuardOptions,
  type CallObserver,
  createCallGuard,
  type GuardedCall,
  isTargetUnavailable,
} from './call-guard.ts';
export { guardTransport } from './guard-transport.ts';
export { observeCalls } from './observe-calls.ts';
export { askedToWaitMs, LONGEST_WAIT_MS } from './wait.ts';
