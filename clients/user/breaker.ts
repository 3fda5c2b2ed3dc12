import { EventEmitter } from 'node:events';
import { Code, ConnectError } from '@connectrpc/connect';
import { isCallNotSent } from '@rollcall/transport';
import CircuitBreaker from 'opossum';
import { askedToWaitMs, BreakerOpenError, isOutage } from './judge.ts';

/** When to stop asking a service that fails, and when to try again. */
export interface BreakerOptions {
  /** Share of calls of the last 10 s above which failing ones trip it, in percent. Default 50. */
  errorThresholdPercentage?: number;
  /** Calls within the last 10 s below which the breaker stays closed whatever happens. Default 10. */
  volumeThreshold?: number;
  /** Time in ms from the trip to the probes. Default 1000. */
  resetTimeoutMs?: number;
  /** Probes that must go well one after the other before it closes, and the most that are under way at once. Default 3. */
  probes?: number;
}

/** Defaults of BreakerOptions. */
export const BREAKER_DEFAULTS = {
  errorThresholdPercentage: 50,
  volumeThreshold: 10,
  resetTimeoutMs: 1_000,
  probes: 3,
} as const;

/** Closed: calls pass. Open: they fail at once. Half-open: a few calls pass to see whether the service is back. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Stands between this client and one service. */
export interface Breaker {
  readonly state: BreakerState;
  /**
   * Runs the call. Rejects without running it with BreakerOpenError, or, where the service told this client to wait, with
   * the error that said so.
   */
  run<Result>(call: () => Promise<Result>): Promise<Result>;
  /** Stops its timers. Later calls reject with BreakerOpenError. */
  close(): void;
}

type Call<Result = unknown> = () => Promise<Result>;
type Circuit = CircuitBreaker<[Call], unknown>;

const WINDOW_MS = 10_000;
const BUCKETS = 10;

/**
 * A breaker around opossum. opossum keeps the state, the timer from open to half-open, the window of the last 10 s and the
 * judgement over it. Ours is what it hears: only what was begun in the present period (from one change of state to the
 * next), so that an answer to a call of before the trip neither closes nor reopens it; its window is emptied when it closes;
 * while half-open several probes have to go well, and no call beside them passes. Turned away calls are not counted, or
 * an outage would fill the window with calls that did not fail and hide the next one.
 */
export function createBreaker(options: BreakerOptions = {}): Breaker {
  const { probes = BREAKER_DEFAULTS.probes } = options;
  const window = startWindow();
  const circuit = createCircuit(options, window.rotation);
  const wait = createWait();
  let period = 0;
  let probing = 0;
  let succeeded = 0;
  const begin = () => {
    period += 1;
    probing = 0;
    succeeded = 0;
  };
  circuit.on('open', begin);
  circuit.on('halfOpen', begin);
  circuit.on('close', () => {
    begin();
    window.empty();
  });

  function fire<Result>(call: Call<Result>): Promise<Result> {
    const begun = period;
    return new Promise((resolve, reject) => {
      // What comes late, or never left, goes to the caller alone: opossum sees a call that does not end, and keeps nothing for it.
      const action = () =>
        new Promise<Result>((tellWell, tellFailed) => {
          call().then(
            (result) => (begun === period ? tellWell(result) : resolve(result)),
            (error) => (begun === period && !isCallNotSent(error) ? tellFailed(error) : reject(error)),
          );
        });
      (circuit.fire(action) as Promise<Result>).then(resolve, reject);
    });
  }

  async function probe<Result>(call: Call<Result>): Promise<Result> {
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
      note(saysNothing(error) ? undefined : !isOutage(error));
      throw error;
    }
  }

  return {
    get state() {
      return circuit.closed ? 'closed' : circuit.halfOpen ? 'half-open' : 'open';
    },
    async run<Result>(call: Call<Result>) {
      const heeding = () => wait.heed(call);
      if (circuit.closed) return wait.isOver() ? fire(heeding) : wait.refuse();
      if (!circuit.halfOpen || probing + succeeded >= probes) throw new BreakerOpenError();
      return wait.isOver() ? probe(heeding) : wait.refuse();
    },
    close() {
      begin();
      window.stop();
      circuit.shutdown();
    },
  };
}

/** The deadline is the only timeout. Options are a fresh object, because opossum writes into it. */
function createCircuit(options: BreakerOptions, rotation: EventEmitter): Circuit {
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
    name: 'rollcall.user.v1.UserService',
    errorFilter: (error) => !isOutage(error),
  });
}

/** opossum's window moves when it is told to, which also is the one way to empty it. */
function startWindow() {
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

/** How long the service told this client to wait, and in which words. */
function createWait() {
  let untilMs = Number.NEGATIVE_INFINITY;
  let told: unknown;
  return {
    isOver: () => performance.now() >= untilMs,
    refuse: (): never => {
      throw told;
    },
    async heed<Result>(call: Call<Result>): Promise<Result> {
      try {
        return await call();
      } catch (error) {
        const delayMs = askedToWaitMs(error);
        if (delayMs !== undefined && performance.now() + delayMs > untilMs) {
          untilMs = performance.now() + delayMs;
          told = error;
        }
        throw error;
      }
    },
  };
}

/** Says nothing about the service. */
function saysNothing(error: unknown): boolean {
  return isCallNotSent(error) || (error instanceof ConnectError && error.code === Code.Canceled);
}
