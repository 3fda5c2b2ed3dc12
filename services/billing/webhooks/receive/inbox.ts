import type { WebhookEvent } from './webhook-event.ts';
import { WebhookRefusal } from './webhook-refusal.ts';

/** Stores incoming events. Disposing it waits for the running writes. */
export interface Inbox extends AsyncDisposable {
  /**
   * Resolves once the event is durable. `isNew` is false when it was stored before.
   * @throws WebhookRefusal LEDGER_UNAVAILABLE when the write fails. The event may be stored then, and must
   * be sent again.
   */
  put(event: WebhookEvent): Promise<{ readonly isNew: boolean }>;
}

interface InboxOptions {
  /** Stores events, all or none. Returns the ids of the new ones. */
  readonly store: (events: readonly WebhookEvent[]) => Promise<ReadonlySet<string>>;
  /**
   * Called after new events were stored.
   * @defaultValue no call
   */
  readonly onStored?: () => void;
  /**
   * The maximum number of events in one write.
   * @defaultValue 500
   */
  readonly maxBatch?: number;
  /**
   * The maximum number of concurrent writes.
   * @defaultValue 2: one is prepared while the other is flushed to disk
   */
  readonly maxInFlight?: number;
  /**
   * The maximum number of waiting events; further ones are refused.
   * @defaultValue 10000
   */
  readonly maxWaiting?: number;
}

interface Waiting {
  readonly event: WebhookEvent;
  readonly resolve: (stored: { isNew: boolean }) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Creates an inbox that batches concurrent events: an event is written at once while the database is idle,
 * and together with others while it is busy.
 */
export function createInbox(options: InboxOptions): Inbox {
  return new BatchingInbox({
    maxBatch: 500,
    maxInFlight: 2,
    maxWaiting: 10_000,
    onStored: () => {},
    ...options,
  });
}

class BatchingInbox implements Inbox {
  readonly #options: Required<InboxOptions>;
  readonly #waiting: Waiting[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #isScheduled = false;

  constructor(options: Required<InboxOptions>) {
    this.#options = options;
  }

  put(event: WebhookEvent): Promise<{ readonly isNew: boolean }> {
    if (this.#waiting.length >= this.#options.maxWaiting)
      return Promise.reject(new WebhookRefusal('LEDGER_UNAVAILABLE', 'Too many events wait to be stored.'));
    const { promise, resolve, reject } = Promise.withResolvers<{ isNew: boolean }>();
    this.#waiting.push({ event, resolve, reject });
    this.#schedule();
    return promise;
  }

  // Events read from sockets in one turn of the event loop share a write.
  #schedule(): void {
    if (this.#isScheduled || this.#inFlight.size >= this.#options.maxInFlight) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#inFlight.size >= this.#options.maxInFlight) return;
    const batch = this.#waiting.splice(0, this.#options.maxBatch);
    const write = this.#store(batch).finally(() => {
      this.#inFlight.delete(write);
      this.#schedule();
    });
    this.#inFlight.add(write);
    if (this.#waiting.length > 0) this.#schedule();
  }

  async #store(batch: readonly Waiting[]): Promise<void> {
    try {
      const added = await this.#options.store(batch.map(({ event }) => event));
      const fresh = new Set(added);
      // Of two concurrent deliveries of one event, one is new.
      for (const { event, resolve } of batch) resolve({ isNew: fresh.delete(event.id) });
      if (added.size > 0) this.#options.onStored();
    } catch (cause) {
      const refusal = new WebhookRefusal('LEDGER_UNAVAILABLE', 'The event could not be stored.', { cause });
      for (const { reject } of batch) reject(refusal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#waiting.length > 0 || this.#inFlight.size > 0) {
      this.#flush();
      await Promise.all(this.#inFlight);
    }
  }
}
