import type { UserChange } from '../users/user-change.ts';
import { UserError } from '../users/user-error.ts';
import type { FeedPosition } from './change-log.ts';

/** What a watcher is told at once. */
export interface FeedUpdate {
  /** The feed that this is news of. */
  readonly feed: string;
  readonly changes: readonly UserChange[];
  /** Where to go on. */
  readonly position: FeedPosition;
  /** Every change committed before this moment has been told. */
  readonly time: Date;
}

/** How far a watcher may fall behind, in changes. Our own choice: minutes of a busy tenant, a few MB of memory. */
export const MAX_PENDING_CHANGES = 20_000;

/** One watcher of the tail of the feed: what it has still to be told, and its being waited for. */
export class Subscriber {
  readonly #onFailure: (error: UserError) => void;
  // Stretches are kept as they came, not copied: who keeps up hands on the very object that all others get.
  #waiting: FeedUpdate[] = [];
  #behind = 0;
  #last: FeedUpdate;
  #failure: UserError | undefined;
  #wake: () => void = () => {};

  /**
   * @param begin where the watch begins, with no changes.
   * @param onFailure called when the watch is ended from this side: whoever writes to a caller that does not read would never ask again.
   */
  constructor(begin: FeedUpdate, onFailure: (error: UserError) => void) {
    this.#last = begin;
    this.#onFailure = onFailure;
  }

  /** Takes in a stretch of the feed, all of it to be told. */
  push(news: FeedUpdate): void {
    this.#last = news;
    if (news.changes.length === 0 || this.#failure) return;
    this.#waiting.push(news);
    this.#behind += news.changes.length;
    if (this.#behind > MAX_PENDING_CHANGES) this.fail(tooSlow(this.#behind));
    else this.#wake();
  }

  /** Ends the watch, now and for good. */
  fail(error: UserError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#waiting = [];
    this.#onFailure(error);
    this.#wake();
  }

  /** What there is to tell, at the latest after `patienceMs`, then with no changes. Throws what it was failed with. */
  async next(patienceMs: number, signal: AbortSignal): Promise<FeedUpdate> {
    if (this.#waiting.length === 0 && !this.#failure && !signal.aborted) await this.#wait(patienceMs, signal);
    if (this.#failure) throw this.#failure;
    return this.#take();
  }

  #take(): FeedUpdate {
    const waiting = this.#waiting;
    const last = this.#last;
    if (waiting.length === 0) return last.changes.length === 0 ? last : { ...last, changes: [] };
    this.#waiting = [];
    this.#behind = 0;
    if (waiting.length === 1 && waiting[0] === last) return last;
    return { ...last, changes: waiting.flatMap(({ changes }) => changes) };
  }

  #wait(patienceMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, patienceMs);
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
 * Everybody who is told of the same tenants. What is of those tenants is picked once for all, and all are handed the same
 * object, by which whoever writes it knows that it has been made into bytes before.
 */
export class SubscriberGroup {
  readonly #tenantIds: ReadonlySet<string>;
  readonly #subscribers = new Set<Subscriber>();

  constructor(tenantIds: readonly string[]) {
    this.#tenantIds = new Set(tenantIds);
  }

  /** Names the audience of these tenants, in whatever order and however often they are given. Tenant ids hold no comma. */
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
    const news = {
      feed,
      changes: changes.filter((change) => this.#tenantIds.has(change.tenantId)),
      position,
      time,
    };
    for (const subscriber of this.#subscribers) subscriber.push(news);
  }

  fail(error: UserError): void {
    for (const subscriber of this.#subscribers) subscriber.fail(error);
    this.#subscribers.clear();
  }
}
