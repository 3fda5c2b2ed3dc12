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

/** Share of `resetTimeoutMs` by which the breaker's own probe comes later, at random, so that many clients do not ask at once. */
const PROBE_JITTER = 0.1;

/** What a breaker is made with. */
export interface BreakerParts {
  readonly classifier: ErrorClassifier;
  /** Default: all defaults. */
  readonly options?: BreakerOptions | undefined;
  /** Default: nothing is told. */
  readonly onChange?: BreakerListener | undefined;
}

/** Reports events of a call to the breaker before the call ends. */
export interface BreakerAttempt {
  /**
   * Calls `passed` when the deadline of the call has passed, in the same turn in which its callers are answered, so that the
   * next call of theirs finds the breaker as this one left it. Returns what cancels that. Absent: only the end of the call counts.
   */
  readonly onDeadline?: (passed: () => void) => () => void;
  /** The read that the call is one part of: timeouts of its parts count as one. Absent: a read of its own. */
  readonly read?: object | undefined;
  /**
   * Asks the service the same in the background, at a length of its own: what the breaker itself calls while half-open, after
   * this call failed, so that no caller waits for a probe. The signal aborts when the breaker is closed for good. Absent: the
   * calls of callers are the probes.
   */
  readonly probe?: (signal: AbortSignal) => Promise<unknown>;
  /** The call had less time than `timeoutMs`, so that its timeout says nothing about the service. Default false. */
  readonly isCutShort?: boolean | undefined;
}

/** Stands between this process and one target. */
export interface Breaker {
  readonly state: BreakerState;
  /**
   * Runs the call. Rejects without running it with `openError`, or, where the target told this process to wait, with
   * the error that said so.
   */
  run<Result>(call: () => Promise<Result>, attempt?: BreakerAttempt): Promise<Result>;
  /** Stops its timers and its own probes. Later calls reject with `openError`. */
  close(): void;
}

/**
 * A breaker around opossum. opossum keeps the state, the timer from open to half-open, the window of the last 10 s and the
 * judgement over it. Ours is what it hears: only what was begun in the present period (from one change of state to the
 * next), so that an answer to a call of before the trip neither closes nor reopens it; its window is emptied when it closes;
 * while half-open several probes have to go well, and no call beside them passes. Turned away calls are not counted, or
 * an outage would fill the window with calls that did not fail and hide the next one.
 *
 * A service that hangs costs each caller its whole deadline, and with few callers the window never reaches its volume. So
 * timeouts in a row are counted beside the window, and trip the breaker by themselves. Once it is open the breaker probes by
 * itself, one call at a time: were each caller a probe, each page of a quiet process would wait for its deadline.
 */
export function createBreaker({ classifier, options = {}, onChange }: BreakerParts): Breaker {
  const { probes = BREAKER_DEFAULTS.probes, resetTimeoutMs = BREAKER_DEFAULTS.resetTimeoutMs } = options;
  const window = startWindow();
  const { isOutage, isTimeout } = classifier;
  const circuit = createCircuit(options, { rotation: window.rotation, isOutage });
  const wait = createRequestedBackoff(classifier.requestedBackoffMs);
  const timeouts = createTimeoutRow(options.timeoutThreshold ?? BREAKER_DEFAULTS.timeoutThreshold);
  let period = 0;
  let probing = 0;
  let succeeded = 0;
  let state: BreakerState = 'closed';
  /** Of the last call that failed. */
  let ownProbe: BreakerAttempt['probe'];
  let ownTimer: NodeJS.Timeout | undefined;
  const ended = new AbortController();
  // A caller's deadline, seen versions and trace are no concern of the breaker's own probes.
  const outside = AsyncLocalStorage.snapshot();
  const begin = () => {
    period += 1;
    probing = 0;
    succeeded = 0;
    timeouts.clear();
    clearTimeout(ownTimer);
  };
  const turn = (to: BreakerState) => {
    const from = state;
    state = to;
    begin();
    if (from !== to) onChange?.({ from, to });
  };
  circuit.on('open', () => turn('open'));
  circuit.on('halfOpen', () => {
    turn('half-open');
    if (ownProbe !== undefined) probeIn(Math.random() * resetTimeoutMs * PROBE_JITTER);
  });
  circuit.on('close', () => {
    turn('closed');
    ownProbe = undefined;
    window.empty();
  });
  const noteFailure = ({ probe: next }: BreakerAttempt) => {
    ownProbe = next ?? ownProbe;
  };

  function fire<Result>(call: Call<Result>, attempt: BreakerAttempt): Promise<Result> {
    const begun = period;
    const noteTimeout = once(() => {
      if (begun !== period) return;
      noteFailure(attempt);
      if (timeouts.add(attempt)) circuit.open();
    });
    const stop = attempt.onDeadline?.(noteTimeout);
    return new Promise((resolve, reject) => {
      // What comes late, or never left, goes to the caller alone: opossum sees a call that does not end, and keeps nothing for it.
      const action = () =>
        new Promise<Result>((tellWell, tellFailed) => {
          call().then(
            (result) => {
              stop?.();
              if (begun !== period) return resolve(result);
              timeouts.clear();
              tellWell(result);
            },
            (error) => {
              stop?.();
              const isCutShort = attempt.isCutShort === true && isTimeout(error);
              if (begun !== period || isCutShort || isCallNotSent(error)) return reject(error);
              if (isOutage(error)) noteFailure(attempt);
              if (isTimeout(error)) noteTimeout();
              else if (!isOutage(error) && !saysNothing(error)) timeouts.clear();
              // It may have opened just now; then opossum has nothing left to judge.
              if (begun === period) tellFailed(error);
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
    const note = (isWell: boolean | undefined) => {
      if (begun !== period) return;
      probing -= 1;
      if (isWell === true && ++succeeded >= probes) circuit.close();
      if (isWell === false) circuit.open();
    };
    try {
      const result = await call();
      note(true);
      return result;
    } catch (error) {
      const isUntold = saysNothing(error) || (isCutShort === true && isTimeout(error));
      note(isUntold ? undefined : !isOutage(error));
      throw error;
    }
  }

  function probeIn(delayMs: number): void {
    ownTimer = outside(() => setTimeout(() => void probeNow(), delayMs)).unref();
  }

  async function probeNow(): Promise<void> {
    const call = ownProbe;
    if (call === undefined) return;
    if (!wait.isOver()) return probeIn(wait.leftMs());
    const begun = period;
    const before = succeeded;
    // Nobody waits for its answer: how it ended is in the state by now.
    await probe(() => wait.heed(() => call(ended.signal)), {}).catch(() => {});
    // Still half-open: it went well and another one has to, or it said nothing about the service.
    if (begun === period) probeIn(succeeded > before ? 0 : resetTimeoutMs);
  }

  return {
    get state() {
      return state;
    },
    async run<Result>(call: Call<Result>, attempt: BreakerAttempt = {}) {
      const heeding = () => wait.heed(call);
      if (state === 'closed') return wait.isOver() ? fire(heeding, attempt) : wait.refuse();
      if (state === 'open' || ownProbe !== undefined || probing + succeeded >= probes)
        throw classifier.openError();
      return wait.isOver() ? probe(heeding, attempt) : wait.refuse();
    },
    close() {
      state = 'open';
      begin();
      ownProbe = undefined;
      ended.abort();
      window.stop();
      circuit.shutdown();
    },
  };
}

/** Timeouts since the last answer. */
function createTimeoutRow(threshold: number) {
  let length = 0;
  let last: object | undefined;
  return {
    /** Answers whether the row is long enough now. */
    add({ read, isCutShort = false }: BreakerAttempt): boolean {
      if (isCutShort || (read !== undefined && read === last)) return false;
      last = read;
      length += 1;
      return length >= threshold;
    },
    clear() {
      length = 0;
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

/** Says nothing about the service. */
function saysNothing(error: unknown): boolean {
  return isCallNotSent(error) || (error instanceof ConnectError && error.code === Code.Canceled);
}
