import type { WebhookEvent } from './webhook-event.ts';
import { WebhookRefusal } from './webhook-refusal.ts';

/** Takes events in. Disposing it waits for those that are on their way. */
export interface Inbox extends AsyncDisposable {
  /**
   * Resolves once the event is durable, or was before: `isNew`.
   * @throws WebhookRefusal LEDGER_UNAVAILABLE; the event may then be there or not, and is to be sent again
   */
  put(event: WebhookEvent): Promise<{ readonly isNew: boolean }>;
}

/** What the inbox needs. */
interface InboxOptions {
  /** Makes events durable, all or none; answers the ids of those that were not there before. */
  readonly store: (events: readonly WebhookEvent[]) => Promise<ReadonlySet<string>>;
  /** Told after new events were stored. Default: nobody is. */
  readonly onStored?: () => void;
  /** Most events that are stored at once. Default 500. */
  readonly maxBatch?: number;
  /** Most batches on their way at once. Default 2: one is prepared while the other is written to disk. */
  readonly maxInFlight?: number;
  /** Most events that wait; one more is refused. Default 10000. */
  readonly maxWaiting?: number;
}

interface Waiting {
  readonly event: WebhookEvent;
  readonly resolve: (stored: { isNew: boolean }) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An inbox that stores together what arrives together: an event waits for nothing while the database is free, and for
 * one write of many events while it is not.
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

  // What is read from sockets in one turn of the loop is stored together.
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
    const flight = this.#store(batch).finally(() => {
      this.#inFlight.delete(flight);
      this.#schedule();
    });
    this.#inFlight.add(flight);
    if (this.#waiting.length > 0) this.#schedule();
  }

  async #store(batch: readonly Waiting[]): Promise<void> {
    try {
      const added = await this.#options.store(batch.map(({ event }) => event));
      const fresh = new Set(added);
      // Of one event that came twice at once, one is new.
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
