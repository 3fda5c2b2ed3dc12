import { AsyncLocalStorage } from 'node:async_hooks';
import { Code, ConnectError } from '@connectrpc/connect';
import { isCallNotSent } from '../call/call-errors.ts';
import {
  BREAKER_DEFAULTS,
  type BreakerListener,
  type BreakerOptions,
  type BreakerState,
  type ErrorClassifier,
} from './breaker-options.ts';
import { type Call, createCircuit, startWindow } from './circuit.ts';
import { createRequestedBackoff } from './requested-backoff.ts';

/**
 * Largest random delay of the breaker's own probe, as a share of `resetTimeoutMs`, so that many clients do
 * not probe at once.
 */
const PROBE_JITTER = 0.1;

/** Arguments of `createBreaker`. */
export interface BreakerParts {
  readonly classifier: ErrorClassifier;
  /** Absent: all defaults. */
  readonly options?: BreakerOptions | undefined;
  /** Called on each change of state. */
  readonly onChange?: BreakerListener | undefined;
}

/** Details of a call for the breaker. */
export interface BreakerAttempt {
  /**
   * Calls `passed` when the deadline passes, in the turn in which the callers get their errors, so that their
   * next call finds the breaker open. Returns a function that cancels it. Absent: only the end of the call
   * counts.
   */
  readonly onDeadline?: (passed: () => void) => () => void;
  /** The read that the call is part of. Timeouts of one read count once. Absent: each call counts. */
  readonly read?: object | undefined;
  /**
   * Repeats the call in the background with a deadline of its own. The half-open breaker calls the probe of
   * the last failed call, so that no caller waits for it. The signal aborts when the breaker closes for good.
   * Absent: the calls of callers are the probes.
   */
  readonly probe?: (signal: AbortSignal) => Promise<unknown>;
  /**
   * Whether the call had less than its usual time, so that its timeout says nothing about the service.
   * @defaultValue false
   */
  readonly isCutShort?: boolean | undefined;
}

/** A circuit breaker between this process and one target. */
export interface Breaker {
  readonly state: BreakerState;
  /**
   * Runs the call when the breaker lets it pass.
   * @throws `openError` of the classifier when it does not, or the error with which the target requested a
   * back-off
   */
  run<Result>(call: () => Promise<Result>, attempt?: BreakerAttempt): Promise<Result>;
  /** Stops timers and probes. Later calls reject with `openError`. */
  close(): void;
}

/**
 * Creates a circuit breaker on top of opossum, which keeps the state, the timer to half-open, and the failure
 * rate of the last 10 s. A response counts only in the period (between two changes of state) in which its
 * call began. Rejected calls do not count, because they would hide the next outage in the failure rate.
 *
 * Consecutive timeouts open the breaker too: a service that hangs costs each caller its whole deadline, and
 * few callers never reach the volume. A half-open breaker probes by itself, one call at a time, so that no
 * caller waits for a probe.
 */
export function createBreaker({ classifier, options = {}, onChange }: BreakerParts): Breaker {
  const { probes = BREAKER_DEFAULTS.probes, resetTimeoutMs = BREAKER_DEFAULTS.resetTimeoutMs } = options;
  const window = startWindow();
  const { isOutage, isTimeout } = classifier;
  const circuit = createCircuit(options, { rotation: window.rotation, isOutage });
  const backoff = createRequestedBackoff(classifier.requestedBackoffMs);
  const timeouts = createTimeoutCounter(options.timeoutThreshold ?? BREAKER_DEFAULTS.timeoutThreshold);
  let period = 0;
  let probing = 0;
  let succeeded = 0;
  let state: BreakerState = 'closed';
  /** The probe of the last call that failed. */
  let ownProbe: BreakerAttempt['probe'];
  let ownTimer: NodeJS.Timeout | undefined;
  const ended = new AbortController();
  // Probes run outside of the caller's deadline, seen versions and trace.
  const outside = AsyncLocalStorage.snapshot();
  const startPeriod = () => {
    period += 1;
    probing = 0;
    succeeded = 0;
    timeouts.clear();
    clearTimeout(ownTimer);
  };
  const changeState = (to: BreakerState) => {
    const from = state;
    state = to;
    startPeriod();
    if (from !== to) onChange?.({ from, to });
  };
  circuit.on('open', () => changeState('open'));
  circuit.on('halfOpen', () => {
    changeState('half-open');
    if (ownProbe !== undefined) probeIn(Math.random() * resetTimeoutMs * PROBE_JITTER);
  });
  circuit.on('close', () => {
    changeState('closed');
    ownProbe = undefined;
    window.empty();
  });
  const setProbe = ({ probe: next }: BreakerAttempt) => {
    ownProbe = next ?? ownProbe;
  };

  function fire<Result>(call: Call<Result>, attempt: BreakerAttempt): Promise<Result> {
    const begun = period;
    const recordTimeout = once(() => {
      if (begun !== period) return;
      setProbe(attempt);
      if (timeouts.add(attempt)) circuit.open();
    });
    const stop = attempt.onDeadline?.(recordTimeout);
    return new Promise((resolve, reject) => {
      // A late result, and an error from before sending, go to the caller only; opossum does not count
      // them. For opossum such a call never ends, which costs it no memory.
      const action = () =>
        new Promise<Result>((countSuccess, countFailure) => {
          call().then(
            (result) => {
              stop?.();
              if (begun !== period) return resolve(result);
              timeouts.clear();
              countSuccess(result);
            },
            (error) => {
              stop?.();
              const isCutShort = attempt.isCutShort === true && isTimeout(error);
              if (begun !== period || isCutShort || isCallNotSent(error)) return reject(error);
              if (isOutage(error)) setProbe(attempt);
              if (isTimeout(error)) recordTimeout();
              else if (!isOutage(error) && !saysNothing(error)) timeouts.clear();
              // A breaker that just opened counts no more results.
              if (begun === period) countFailure(error);
              else reject(error);
            },
          );
        });
      (circuit.fire(action) as Promise<Result>).then(resolve, reject);
    });
  }

  async function probe<Result>(call: Call<Result>, { isCutShort }: BreakerAttempt): Promise<Result> {
    const begun = period;
    probing += 1;
    const record = (hasSucceeded: boolean | undefined) => {
      if (begun !== period) return;
      probing -= 1;
      if (hasSucceeded === true && ++succeeded >= probes) circuit.close();
      if (hasSucceeded === false) circuit.open();
    };
    try {
      const result = await call();
      record(true);
      return result;
    } catch (error) {
      const isIrrelevant = saysNothing(error) || (isCutShort === true && isTimeout(error));
      record(isIrrelevant ? undefined : !isOutage(error));
      throw error;
    }
  }

  function probeIn(delayMs: number): void {
    ownTimer = outside(() => setTimeout(() => void probeNow(), delayMs)).unref();
  }

  async function probeNow(): Promise<void> {
    const call = ownProbe;
    if (call === undefined) return;
    if (!backoff.isOver()) return probeIn(backoff.leftMs());
    const begun = period;
    const before = succeeded;
    // The outcome is in the state by now.
    await probe(() => backoff.run(() => call(ended.signal)), {}).catch(() => {});
    // Still half-open: the probe succeeded and another is due, or it said nothing about the service.
    if (begun === period) probeIn(succeeded > before ? 0 : resetTimeoutMs);
  }

  return {
    get state() {
      return state;
    },
    async run<Result>(call: Call<Result>, attempt: BreakerAttempt = {}) {
      const withBackoff = () => backoff.run(call);
      if (state === 'closed') return backoff.isOver() ? fire(withBackoff, attempt) : backoff.refuse();
      if (state === 'open' || ownProbe !== undefined || probing + succeeded >= probes)
        throw classifier.openError();
      return backoff.isOver() ? probe(withBackoff, attempt) : backoff.refuse();
    },
    close() {
      state = 'open';
      startPeriod();
      ownProbe = undefined;
      ended.abort();
      window.stop();
      circuit.shutdown();
    },
  };
}

/** Counts the timeouts since the last response. */
function createTimeoutCounter(threshold: number) {
  let count = 0;
  let last: object | undefined;
  return {
    /** Returns whether the threshold is reached. */
    add({ read, isCutShort = false }: BreakerAttempt): boolean {
      if (isCutShort || (read !== undefined && read === last)) return false;
      last = read;
      count += 1;
      return count >= threshold;
    },
    clear() {
      count = 0;
      last = undefined;
    },
  };
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}

/** Whether an error says nothing about the service. */
function saysNothing(error: unknown): boolean {
  return isCallNotSent(error) || (error instanceof ConnectError && error.code === Code.Canceled);
}
