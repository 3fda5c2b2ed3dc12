import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { MetricReading } from '@rollcall/runtime/rpc';
import { DEFAULT_SCOPE, type LedgerScope } from '../../ledger/origin.ts';
import { applierReadings, type LedgerState, NO_STATE, readLedgerState } from '../postgres/ledger-state.ts';
import { applyBatch, type BatchResult } from './apply-batch.ts';
import type { OnChanges } from './payment-change.ts';

/** Applies stored events in the background. Disposing it waits for the running batches. */
interface Applier extends AsyncDisposable {
  /** Starts the next batch at once instead of after the poll interval. */
  wake(): void;
  /** For /metrics. */
  readings(): MetricReading[];
}

interface ApplierOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  /**
   * The mode and the account whose events are applied.
   * @defaultValue test mode without an account
   */
  readonly scope?: LedgerScope;
  /**
   * Called with changed payments, in their transaction.
   * @defaultValue no call
   */
  readonly onChanges?: OnChanges;
  /**
   * The maximum number of events in one transaction.
   * @defaultValue 500
   */
  readonly batchSize?: number;
  /**
   * The number of concurrent transactions.
   * @defaultValue 2
   */
  readonly workers?: number;
  /**
   * Called every 5 s beside the workers. A failure is logged, and the next call retries.
   * @defaultValue no call
   */
  readonly maintain?: () => Promise<void>;
  /**
   * The interval of the search for due events that other processes stored, in ms.
   * @defaultValue 1000
   */
  readonly pollMs?: number;
}

const DEFAULTS = {
  scope: DEFAULT_SCOPE,
  onChanges: async () => {},
  maintain: async () => {},
  batchSize: 500,
  workers: 2,
  pollMs: 1000,
} as const;

/** Starts the background workers. */
export function startApplier(options: ApplierOptions): Applier {
  return new RunningApplier({ ...DEFAULTS, ...options });
}

/**
 * Applies all due events and returns their outcomes. For tests and tools.
 * @throws the error of the database when it is unavailable.
 */
export async function applyDue(options: ApplierOptions): Promise<BatchResult> {
  const total = { claimed: 0, applied: 0, failed: 0, dead: 0 };
  for (;;) {
    const { batchSize: limit, ...rest } = { ...DEFAULTS, ...options };
    const batch = await applyBatch(rest, { limit });
    for (const key of ['claimed', 'applied', 'failed', 'dead'] as const) total[key] += batch[key];
    if (batch.claimed === 0) return total;
    if (isBusy(batch)) await sleep(BUSY_MS);
  }
}

// Other workers hold all events of the batch, for a few milliseconds.
const BUSY_MS = 5;
// The delay after an error of the database.
const OUTAGE_MS = 1000;
const WATCH_MS = 5000;

function isBusy({ claimed, applied, failed }: BatchResult): boolean {
  return claimed > 0 && applied + failed === 0;
}

class RunningApplier implements Applier {
  readonly #options: Required<ApplierOptions>;
  readonly #ending = new AbortController();
  readonly #loops: Promise<void>[];
  readonly #counts = { applied: 0, failed: 0, dead: 0 };
  #state: LedgerState = NO_STATE;
  #waiting: (() => void)[] = [];
  #hasNewEvents = false;

  constructor(options: Required<ApplierOptions>) {
    this.#options = options;
    this.#loops = Array.from({ length: options.workers }, () => this.#work());
    this.#loops.push(this.#watch());
  }

  wake(): void {
    this.#hasNewEvents = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  readings(): MetricReading[] {
    return applierReadings(this.#counts, this.#state);
  }

  async #work(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      this.#hasNewEvents = false;
      const batch = await this.#try();
      if (!batch) await this.#pause(OUTAGE_MS);
      else if (isBusy(batch)) await this.#pause(BUSY_MS);
      else if (batch.claimed === 0) await this.#rest();
    }
  }

  async #try(): Promise<BatchResult | undefined> {
    try {
      const batch = await applyBatch(this.#options, { limit: this.#options.batchSize });
      for (const key of ['applied', 'failed', 'dead'] as const) this.#counts[key] += batch[key];
      return batch;
    } catch (error) {
      this.#options.logger.warn({ error }, 'events cannot be applied; they are retried');
      return undefined;
    }
  }

  // Waits for new events or the poll interval.
  async #rest(): Promise<void> {
    if (this.#hasNewEvents) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const look = new AbortController();
    await Promise.race([promise, this.#pause(this.#options.pollMs, look.signal)]);
    look.abort();
    this.#waiting = this.#waiting.filter((each) => each !== resolve);
  }

  async #pause(ms: number, signal = this.#ending.signal): Promise<void> {
    const either = AbortSignal.any([signal, this.#ending.signal]);
    await sleep(ms, undefined, { signal: either }).catch(() => {});
  }

  async #watch(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      await this.#options.maintain().catch((error: unknown) => {
        this.#options.logger.warn({ error }, 'ledger maintenance failed; it is retried');
      });
      this.#state = await readLedgerState(this.#options.pool).catch(() => this.#state);
      await this.#pause(WATCH_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#loops);
  }
}
