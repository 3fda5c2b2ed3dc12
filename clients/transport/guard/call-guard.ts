import { Code, ConnectError } from '@connectrpc/connect';
import { createBreaker } from './breaker.ts';
import type { BreakerOptions, BreakerState, ErrorClassifier } from './breaker-options.ts';
import { CALL_ERROR_CLASSIFIER } from './call-error-classifier.ts';
import { type CallObserver, codeOfCall } from './observe-calls.ts';

/** Options of `createCallGuard`. */
export interface CallGuardOptions {
  /** The name of the target, for messages and metrics: `auth`. */
  readonly target: string;
  /** Receives the outcome of each call. Absent: no measurements. */
  readonly observer?: CallObserver | undefined;
  /** Absent: all defaults. */
  readonly breaker?: BreakerOptions | undefined;
  /** Classifies errors. Absent: errors are those of gRPC calls. */
  readonly classifier?: Omit<ErrorClassifier, 'openError'>;
  /** The code of an error in metrics. Absent: the gRPC code. */
  readonly codeOf?: (error: unknown) => string;
}

/** Details of a call for its guard. */
export interface GuardedCall {
  readonly method: string;
  /**
   * Calls the target without side effects, so that the guard learns whether it is back and no caller waits
   * for that.
   */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
  /** The method that the probe calls. Absent: `method`. */
  readonly probeMethod?: string;
  /**
   * Whether the call has too little time for its timeout to say something about the target.
   * @defaultValue false
   */
  readonly isCutShort?: boolean;
}

/** A circuit breaker and measurements between this process and one target. Its creator closes it. */
export interface CallGuard extends Disposable {
  readonly target: string;
  readonly state: BreakerState;
  /**
   * Runs the call when the breaker is closed.
   * @throws ConnectError UNAVAILABLE (`isTargetUnavailable`) when the breaker is not closed, or the target's
   * own error when it requested a back-off
   */
  run<Result>(call: () => Promise<Result>, about: GuardedCall): Promise<Result>;
  /** @throws ConnectError UNAVAILABLE (`isTargetUnavailable`) when the breaker is not closed */
  requireClosed(method: string): void;
  /** Stops timers and probes. Later calls are refused. A second call does nothing. */
  close(): void;
}

// A subclass would fail: Connect's `instanceof ConnectError` compares the name of the class.
const refusals = new WeakSet<object>();

/**
 * Whether a guard refused a call because its target failed just before. The code is UNAVAILABLE, and the
 * message names the target.
 */
export function isTargetUnavailable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && refusals.has(error);
}

function targetUnavailable(target: string): ConnectError {
  const message = `${target} is not called for a moment, because its last calls failed or timed out`;
  const error = new ConnectError(message, Code.Unavailable);
  refusals.add(error);
  return error;
}

/** Creates the guard of one target, with a closed breaker. */
export function createCallGuard(options: CallGuardOptions): CallGuard {
  const { target, observer, classifier = CALL_ERROR_CLASSIFIER, codeOf = codeOfCall } = options;
  const refusal = () => targetUnavailable(target);
  const breaker = createBreaker({
    classifier: { ...classifier, openError: refusal },
    options: options.breaker,
    onChange: ({ to }) => observer?.onState({ target, state: to }),
  });
  observer?.onState({ target, state: breaker.state });

  async function measure<Result>(method: string, call: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    const end = (code: string) =>
      observer?.onEnd({ target, method, code, seconds: (performance.now() - startedMs) / 1000 });
    try {
      const result = await call();
      end('OK');
      return result;
    } catch (error) {
      end(codeOf(error));
      throw error;
    }
  }

  return {
    target,
    get state() {
      return breaker.state;
    },
    async run(call, { method, probe, probeMethod = method, isCutShort }) {
      let isSent = false;
      const send = () => {
        isSent = true;
        return measure(method, call);
      };
      try {
        return await breaker.run(send, {
          isCutShort,
          probe: (signal) => measure(probeMethod, () => probe(signal)),
        });
      } catch (error) {
        if (!isSent) observer?.onRefused({ target, method });
        throw error;
      }
    },
    requireClosed(method) {
      if (breaker.state === 'closed') return;
      observer?.onRefused({ target, method });
      throw refusal();
    },
    close: () => breaker.close(),
    [Symbol.dispose]: () => breaker.close(),
  };
}
