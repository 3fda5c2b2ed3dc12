// Watchers of the tail, grouped by the tenants that they watch.
import type { UserChange } from '../users/user-change.ts';
import { UserError } from '../users/user-error.ts';
import type { FeedPosition } from './change-log.ts';

/** An update for a watcher. */
export interface FeedUpdate {
  /** The feed of the update. */
  readonly feed: string;
  readonly changes: readonly UserChange[];
  /** The position after the update. */
  readonly position: FeedPosition;
  /** The watcher has received every change that was committed before this time. */
  readonly time: Date;
}

/** Maximum number of pending changes of a watcher: minutes of a busy tenant, a few MB of memory. */
export const MAX_PENDING_CHANGES = 20_000;

/** One watcher of the tail, with its pending updates. */
export class Subscriber {
  readonly #onFailure: (error: UserError) => void;
  // Updates are queued as they came, so that a watcher without delay passes on the object that the others
  // get.
  #waiting: FeedUpdate[] = [];
  #pending = 0;
  #last: FeedUpdate;
  #failure: UserError | undefined;
  #wake: () => void = () => {};

  /**
   * @param begin the position where the watch begins, without changes.
   * @param onFailure called when the server ends the watch. A slow caller would not notice: it asks for no
   * further update.
   */
  constructor(begin: FeedUpdate, onFailure: (error: UserError) => void) {
    this.#last = begin;
    this.#onFailure = onFailure;
  }

  /** Queues an update. */
  push(update: FeedUpdate): void {
    this.#last = update;
    if (update.changes.length === 0 || this.#failure) return;
    this.#waiting.push(update);
    this.#pending += update.changes.length;
    if (this.#pending > MAX_PENDING_CHANGES) this.fail(tooSlow(this.#pending));
    else this.#wake();
  }

  /** Ends the watch permanently. */
  fail(error: UserError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#waiting = [];
    this.#onFailure(error);
    this.#wake();
  }

  /**
   * The pending changes, after at most `maxWaitMs` an update without changes.
   * @throws the error that the watch was ended with.
   */
  async next(maxWaitMs: number, signal: AbortSignal): Promise<FeedUpdate> {
    if (this.#waiting.length === 0 && !this.#failure && !signal.aborted) await this.#wait(maxWaitMs, signal);
    if (this.#failure) throw this.#failure;
    return this.#take();
  }

  #take(): FeedUpdate {
    const waiting = this.#waiting;
    const last = this.#last;
    if (waiting.length === 0) return last.changes.length === 0 ? last : { ...last, changes: [] };
    this.#waiting = [];
    this.#pending = 0;
    if (waiting.length === 1 && waiting[0] === last) return last;
    return { ...last, changes: waiting.flatMap(({ changes }) => changes) };
  }

  #wait(maxWaitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, maxWaitMs);
      signal.addEventListener('abort', done, { once: true });
      this.#wake = done;
    });
  }
}

function tooSlow(behind: number): UserError {
  const message = `The stream is ${behind} changes behind and was ended; resume from its last checkpoint.`;
  return new UserError('STREAM_TOO_SLOW', message, {
    behind: String(behind),
    limit: String(MAX_PENDING_CHANGES),
  });
}

/**
 * The watchers of the same tenants.
 * Changes are filtered once for the group, and all watchers get the same object, which can be encoded once.
 */
export class SubscriberGroup {
  readonly #tenantIds: ReadonlySet<string>;
  readonly #subscribers = new Set<Subscriber>();

  constructor(tenantIds: readonly string[]) {
    this.#tenantIds = new Set(tenantIds);
  }

  /** The key of a group, independent of order and repetition. Tenant ids contain no comma. */
  static keyOf(tenantIds: readonly string[]): string {
    return [...new Set(tenantIds)].sort().join();
  }

  get size(): number {
    return this.#subscribers.size;
  }

  add(begin: FeedUpdate, onFailure: (error: UserError) => void): Subscriber {
    const subscriber = new Subscriber(begin, onFailure);
    this.#subscribers.add(subscriber);
    return subscriber;
  }

  delete(subscriber: Subscriber): boolean {
    return this.#subscribers.delete(subscriber);
  }

  deliver({ feed, changes, position, time }: FeedUpdate): void {
    const update = {
      feed,
      changes: changes.filter((change) => this.#tenantIds.has(change.tenantId)),
      position,
      time,
    };
    for (const subscriber of this.#subscribers) subscriber.push(update);
  }

  fail(error: UserError): void {
    for (const subscriber of this.#subscribers) subscriber.fail(error);
    this.#subscribers.clear();
  }
}
