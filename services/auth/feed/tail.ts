import { setTimeout as sleep } from 'node:timers/promises';
import type { UserChange } from '../users/user-change.ts';
import { UserError } from '../users/user-error.ts';
import type { ChangeLog, FeedBatch, FeedPosition } from './change-log.ts';
import type { FeedHold } from './feed-hold.ts';
import { type Subscriber, SubscriberGroup } from './subscribers.ts';

/** How the tail is read. */
export interface TailOptions {
  /** Told of a reading that failed; the tail goes on trying. */
  readonly onError: (error: unknown) => void;
  /** Time in ms between two readings where nothing calls for one. Default 15. */
  readonly pollMs?: number;
  /** Notes how far each stretch is behind. Absent: nothing does. */
  readonly hold?: Pick<FeedHold, 'record'>;
}

/** Who wants to be told. */
export interface Watcher {
  readonly tenantIds: readonly string[];
  /** Called when the watch is ended from this side. */
  readonly onFailure: (error: UserError) => void;
}

/** Where a watcher wants to join. */
export interface JoinPosition {
  readonly feed: string;
  /** The tail must be here or further. */
  readonly after: FeedPosition;
  /** Where the tail begins where nobody watched before. */
  readonly begin: FeedPosition;
}

/** Hears of changes before any watcher does. */
export interface FeedListener {
  onChanged(changes: readonly UserChange[]): void;
  /** The feed is another one: no version that was read before need exist, and changes up to now may never be told. */
  onReplaced(feed: string, before: string): void;
}

const POLL_MS = 15;
const AFTER_FAILURE_MS = 250;
const READ_LIMIT = 5000;
// Telling a watcher costs this thread nearly the same for one change as for twenty, so that changes had better be told together.
const SPACING_MS_PER_WATCHER = 0.2;
// While writes come without end, each reading takes from them: so many of them share one.
const MIN_SPACING_MS = 5;

/**
 * The one reader of the feed's end in this process, and everybody it tells. Reads only while somebody listens. It looks
 * again and again rather than being called by the database, because a NOTIFY takes a lock that every commit waits for.
 *
 * After it told something it rests, the longer the more there are to tell: the commits of that time are one stretch. So
 * telling takes a bounded share of the thread, at any number of commits.
 */
export class Tail {
  readonly #log: ChangeLog;
  readonly #options: TailOptions;
  readonly #audiences = new Map<string, SubscriberGroup>();
  #feed: string | undefined;
  #adopted: string | undefined;
  #position: FeedPosition | undefined;
  #time = new Date(0);
  #reading: Promise<void> | undefined;
  #isPoked = false;
  #wake: () => void = () => {};
  readonly #closing = new AbortController();
  #ended: UserError | undefined;
  #listener: FeedListener | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: ChangeLog, options: TailOptions) {
    this.#log = log;
    this.#options = options;
  }

  /** The feed that it reads; undefined: none yet. */
  get feed(): string | undefined {
    return this.#feed;
  }

  /** How many watch. */
  get size(): number {
    let size = 0;
    for (const audience of this.#audiences.values()) size += audience.size;
    return size;
  }

  /**
   * Adds a watcher, once the tail is at or behind no earlier place than `after`; answers it and where it was added.
   * Undefined: the tail reads another feed, or does not know yet that this is one.
   */
  async join(watcher: Watcher, { feed, after, begin }: JoinPosition) {
    for (;;) {
      if (this.#ended) throw this.#ended;
      if (!this.#isWanted && !this.#reading) this.#begin(feed, begin);
      const at = this.#position ?? begin;
      const isSame = this.#feed === feed;
      // Only between two stretches: inside one a place is not a number alone.
      if (isSame && !at.within && at.xid >= after.xid) return this.#add(watcher, at);
      this.wake();
      this.#start();
      await sleep(this.#options.pollMs ?? POLL_MS);
      if (!isSame) return undefined;
    }
  }

  /** Tells this process itself of every change from `now` on, for as long as it lives. */
  attach(listener: FeedListener, { feed, now }: { feed: string; now: FeedPosition }): void {
    if (this.#position === undefined) this.#begin(feed, now);
    this.#listener = listener;
    this.#start();
  }

  /** Time in ms since all that was committed then had been told. Infinity: nothing was told yet. */
  get ageMs(): number {
    return performance.now() - this.#readAtMs;
  }

  get #isWanted(): boolean {
    return !this.#ended && (this.#listener !== undefined || this.#audiences.size > 0);
  }

  leave(subscriber: Subscriber): void {
    for (const [key, audience] of this.#audiences) {
      if (audience.delete(subscriber) && audience.size === 0) this.#audiences.delete(key);
    }
  }

  /** Reads as soon as may be: there may be news. */
  wake(): void {
    this.#isPoked = true;
    this.#wake();
  }

  /** Ends every watch with this error, and all later ones; resolves when nothing is being read any more. */
  async end(error: UserError): Promise<void> {
    this.#ended = error;
    this.#closing.abort();
    for (const audience of this.#audiences.values()) audience.fail(error);
    this.#audiences.clear();
    this.wake();
    await this.#reading;
  }

  #begin(feed: string, position: FeedPosition): void {
    this.#feed = feed;
    this.#position = position;
  }

  #add({ tenantIds, onFailure }: Watcher, at: FeedPosition) {
    const key = SubscriberGroup.keyOf(tenantIds);
    const audience = this.#audiences.get(key) ?? new SubscriberGroup(tenantIds);
    this.#audiences.set(key, audience);
    const subscriber = audience.add(
      { feed: this.#feed as string, changes: [], position: at, time: this.#time },
      onFailure,
    );
    this.#start();
    return { subscriber, at };
  }

  #start(): void {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      // Somebody may have come while the last reading ended.
      if (this.#isWanted) this.#start();
    });
  }

  async #read(): Promise<void> {
    do {
      this.#isPoked = false;
      const { spacingMs, pauseMs } = await this.#step();
      if (spacingMs > 0) await sleep(spacingMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      if (pauseMs > spacingMs) await this.#rest(pauseMs - spacingMs);
    } while (this.#isWanted);
  }

  /** Answers how long to rest whatever comes, and how long where nothing does. */
  async #step(): Promise<{ spacingMs: number; pauseMs: number }> {
    const { onError, pollMs = POLL_MS } = this.#options;
    try {
      const askedAtMs = performance.now();
      const stretch = await this.#log.read(this.#position as FeedPosition, { limit: READ_LIMIT });
      if (stretch.feed === this.#feed) this.#tell(stretch, askedAtMs);
      else this.#replace(stretch, askedAtMs);
      await this.#adopt(stretch.feed);
      if (stretch.hasMore) return { spacingMs: 0, pauseMs: 0 };
      return {
        spacingMs:
          stretch.changes.length > 0 ? Math.max(MIN_SPACING_MS, this.size * SPACING_MS_PER_WATCHER) : 0,
        pauseMs: pollMs,
      };
    } catch (error) {
      onError(error);
      return { spacingMs: 0, pauseMs: AFTER_FAILURE_MS };
    }
  }

  #tell(stretch: FeedBatch, askedAtMs: number): void {
    this.#listener?.onChanged(stretch.changes);
    if (!stretch.hasMore) this.#readAtMs = askedAtMs;
    this.#position = stretch.position;
    this.#time = stretch.time;
    this.#options.hold?.record(stretch);
    for (const audience of this.#audiences.values()) audience.deliver(stretch);
  }

  /** Nothing leads from one feed to another: whoever was told the one must forget, and begins the other where it is now. */
  #replace({ feed, now, time }: FeedBatch, askedAtMs: number): void {
    this.#listener?.onReplaced(feed, this.#feed as string);
    this.#begin(feed, now);
    this.#readAtMs = askedAtMs;
    this.#time = time;
    const error = cursorOfAnotherFeed(feed);
    for (const audience of this.#audiences.values()) audience.fail(error);
    this.#audiences.clear();
  }

  async #adopt(feed: string): Promise<void> {
    if (this.#adopted === feed) return;
    await this.#log.adopt();
    this.#adopted = feed;
  }

  #rest(pauseMs: number): Promise<void> | undefined {
    if (this.#isPoked || this.#ended) return;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The refusal of a place in a feed that is not told any more. `feed` in it is the one that is told now. */
export function cursorOfAnotherFeed(feed: string): UserError {
  const message =
    'The cursor is not of this feed, because the database behind it is another one or went back: forget what is kept, versions included, and watch without one.';
  return new UserError('CURSOR_EXPIRED', message, { feed });
}
