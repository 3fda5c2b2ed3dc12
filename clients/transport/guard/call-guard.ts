import { Code, ConnectError } from '@connectrpc/connect';
import { createBreaker } from './breaker.ts';
import type { BreakerOptions, BreakerState, ErrorClassifier } from './breaker-options.ts';
import { CALL_ERROR_CLASSIFIER } from './call-error-classifier.ts';
import { type CallObserver, codeOfCall } from './observe-calls.ts';

/** What a guard is made with. */
export interface CallGuardOptions {
  /** Who is called, for messages and metrics: `auth`. */
  readonly target: string;
  /** Default: nothing is told. */
  readonly observer?: CallObserver | undefined;
  /** Default: all defaults. */
  readonly breaker?: BreakerOptions | undefined;
  /** What errors mean. Default: as of gRPC calls. */
  readonly classifier?: Omit<ErrorClassifier, 'openError'>;
  /** Names the code of an error, for metrics. Default: as of gRPC calls. */
  readonly codeOf?: (error: unknown) => string;
}

/** A call, as its guard knows it. */
export interface GuardedCall {
  readonly method: string;
  /** Asks the target something without side effects, so that the guard learns whether it is back, and no caller waits for that. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
  /** What the probe calls. Default: `method`. */
  readonly probeMethod?: string;
  /** The call has so little time that its timeout says nothing about the target. Default false. */
  readonly isCutShort?: boolean;
}

/** Stands between this process and one target: a breaker, and measurements. Whoever makes it closes it. */
export interface CallGuard extends Disposable {
  readonly target: string;
  readonly state: BreakerState;
  /**
   * Runs the call unless the target failed just before.
   * @throws ConnectError UNAVAILABLE (`isTargetUnavailable`) where the breaker is not closed, and the target's own error where that
   * asked to be left alone
   */
  run<Result>(call: () => Promise<Result>, about: GuardedCall): Promise<Result>;
  /** @throws ConnectError UNAVAILABLE (`isTargetUnavailable`) where the breaker is not closed */
  requireClosed(method: string): void;
  /** Stops its timers and probes. Later calls are refused. Again: nothing. */
  close(): void;
}

// Not a class of its own: `instanceof ConnectError` goes by the name, and would be false.
const refusals = new WeakSet<object>();

/** Whether a guard refused a call, because its target failed just before. The code is UNAVAILABLE, and the message names the target. */
export function isTargetUnavailable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && refusals.has(error);
}

function targetUnavailable(target: string): ConnectError {
  const message = `${target} is not called for a moment, because its last calls failed or timed out`;
  const error = new ConnectError(message, Code.Unavailable);
  refusals.add(error);
  return error;
}

/** Makes the guard of one target, its breaker closed. */
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
