import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@rollcall/runtime';
import type { MetricReading } from '@rollcall/runtime/rpc';

/** The result of one step. */
export interface RotationStep {
  /** Rows that this step sealed with the first keys. */
  readonly resealed: number;
  /**
   * `working`: rows are left. `elsewhere`: another process holds the rotation. `finished`: no row has an
   * older key.
   */
  readonly state: 'working' | 'elsewhere' | 'finished';
}

/** Seals rows with the first keys, one batch at a time. The database stores its progress. */
export interface RotationStore {
  step(batchRows: number): Promise<RotationStep>;
}

export interface KeyRotationOptions {
  /** One for each table with sealed values or blind indexes. */
  readonly stores: readonly RotationStore[];
  /** Names of the first keys, for the log. */
  readonly target: { readonly sealingKeyId: string; readonly indexKeyId: string };
  readonly logger: Logger;
  /** Rows of one step. Default 200: a few ms of encryption, and as short a lock. */
  readonly batchRows?: number;
  /**
   * Time until a finished rotation checks again for rows of processes with older settings. Milliseconds.
   * Default 60000.
   */
  readonly restMs?: number;
}

/** A rotation of keys in the background. Disposing it waits for the current step. */
export interface KeyRotation extends AsyncDisposable {
  readMetrics(): readonly MetricReading[];
}

const BATCH_ROWS = 200;
const REST_MS = 60_000;
const ELSEWHERE_MS = 1000;
const AFTER_ERROR_MS = 5000;
const LEAST_PAUSE_MS = 10;

/** Seals all rows with the first keys while calls go on. Works at most half of the time. */
export function startKeyRotation({
  stores,
  target,
  logger,
  batchRows = BATCH_ROWS,
  restMs = REST_MS,
}: KeyRotationOptions): KeyRotation {
  const names = { sealingKeyId: target.sealingKeyId, indexKeyId: target.indexKeyId };
  const stop = new AbortController();
  let resealed = 0;
  let isFinished = false;

  async function stepAll(): Promise<RotationStep['state']> {
    const states = new Set<RotationStep['state']>();
    for (const store of stores) {
      const step = await store.step(batchRows);
      resealed += step.resealed;
      states.add(step.state);
    }
    if (states.has('working')) return 'working';
    return states.has('elsewhere') ? 'elsewhere' : 'finished';
  }

  async function stepAndLog(): Promise<number> {
    const begun = performance.now();
    const state = await stepAll();
    if (state === 'finished' && !isFinished) {
      logger.info(
        { ...names, resealed },
        'no row has an older key any more: all keys but the first can be removed',
      );
    }
    isFinished = state === 'finished';
    if (state !== 'working') return isFinished ? restMs : ELSEWHERE_MS;
    return Math.max(LEAST_PAUSE_MS, performance.now() - begun);
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const pauseMs = await stepAndLog().catch((error: unknown) => {
        logger.warn({ error }, 'rows cannot be sealed with the first key; trying again');
        return AFTER_ERROR_MS;
      });
      await sleep(pauseMs, undefined, { signal: stop.signal }).catch(() => {
        // Stopped: the loop checks.
      });
    }
  }

  logger.info(names, 'rows are sealed with the first keys in the background');
  const running = run();
  return {
    readMetrics: () => [
      {
        name: 'rollcall_key_rotation_resealed_total',
        help: 'Rows that this process sealed with the first keys.',
        type: 'counter',
        labels: {},
        value: resealed,
      },
      {
        name: 'rollcall_key_rotation_finished',
        help: '1 when the last check of this process found no row with an older key.',
        type: 'gauge',
        labels: {},
        value: isFinished ? 1 : 0,
      },
    ],
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
