import { setTimeout as sleep } from 'node:timers/promises';
import type { UserChange } from '../users/user-change.ts';
import { UserError } from '../users/user-error.ts';
import type { ChangeLog, FeedBatch, FeedPosition } from './change-log.ts';
import type { FeedHold } from './feed-hold.ts';
import { type Subscriber, SubscriberGroup } from './subscribers.ts';

/** Options of the tail. */
export interface TailOptions {
  /** Called when a read fails. The tail tries again. */
  readonly onError: (error: unknown) => void;
  /**
   * Time between two reads without a wake-up. Milliseconds.
   * @defaultValue 15
   */
  readonly pollMs?: number;
  /** Records how far each batch is behind. */
  readonly hold?: Pick<FeedHold, 'record'>;
}

/** A watcher that wants to join. */
interface Watcher {
  readonly tenantIds: readonly string[];
  /** Called when this side ends the watch. */
  readonly onFailure: (error: UserError) => void;
}

/** The position at which a watcher wants to join. */
interface JoinPosition {
  readonly feed: string;
  /** The tail must be here or further. */
  readonly after: FeedPosition;
  /** The tail begins here if it has no watcher yet. */
  readonly begin: FeedPosition;
}

/** Receives changes before any watcher does. */
export interface FeedListener {
  onChanged(changes: readonly UserChange[]): void;
  /**
   * The feed was replaced. Versions that were read before may not exist, and earlier changes may never be
   * sent.
   */
  onReplaced(feed: string, before: string): void;
}

const POLL_MS = 15;
const AFTER_FAILURE_MS = 250;
const READ_LIMIT = 5000;
// Sending to a watcher costs about the same for one change as for twenty, so changes are sent together.
const SPACING_MS_PER_WATCHER = 0.2;
// Under continuous writes each read costs them time, so many of them share one.
const MIN_SPACING_MS = 5;

/**
 * The single reader of the feed's end in this process, and its subscribers. It reads while the
 * process is attached or there are subscribers.
 * It polls, because a NOTIFY takes a lock that every commit waits for.
 * After sending changes it pauses, longer for more subscribers, and the commits of that time form one batch.
 * So sending takes a bounded share of the thread at any rate of commits.
 */
export class Tail {
  readonly #log: ChangeLog;
  readonly #options: TailOptions;
  readonly #groups = new Map<string, SubscriberGroup>();
  #feed: string | undefined;
  #adopted: string | undefined;
  #position: FeedPosition | undefined;
  #time = new Date(0);
  #reading: Promise<void> | undefined;
  #isWoken = false;
  #wake: () => void = () => {};
  readonly #closing = new AbortController();
  #ended: UserError | undefined;
  #listener: FeedListener | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: ChangeLog, options: TailOptions) {
    this.#log = log;
    this.#options = options;
  }

  /** The feed that it reads; undefined before the first read. */
  get feed(): string | undefined {
    return this.#feed;
  }

  /** Number of watchers. */
  get size(): number {
    let size = 0;
    for (const group of this.#groups.values()) size += group.size;
    return size;
  }

  /**
   * Adds a watcher once the tail is not before `after`. Returns the subscriber and where it joined.
   * Undefined when the tail reads another feed, or does not know yet that this one replaced it.
   */
  async join(watcher: Watcher, { feed, after, begin }: JoinPosition) {
    for (;;) {
      if (this.#ended) throw this.#ended;
      if (!this.#isWanted && !this.#reading) this.#begin(feed, begin);
      const at = this.#position ?? begin;
      const isSame = this.#feed === feed;
      // Only between two batches, because a position inside a range is more than a number.
      if (isSame && !at.within && at.xid >= after.xid) return this.#add(watcher, at);
      this.wake();
      this.#start();
      await sleep(this.#options.pollMs ?? POLL_MS);
      if (!isSame) return undefined;
    }
  }

  /** Attaches this process, which gets every change from `now` on. */
  attach(listener: FeedListener, { feed, now }: { feed: string; now: FeedPosition }): void {
    if (this.#position === undefined) this.#begin(feed, now);
    this.#listener = listener;
    this.#start();
  }

  /** Time since the start of the last read that reached the end. Milliseconds; Infinity before the first. */
  get ageMs(): number {
    return performance.now() - this.#readAtMs;
  }

  get #isWanted(): boolean {
    return !this.#ended && (this.#listener !== undefined || this.#groups.size > 0);
  }

  leave(subscriber: Subscriber): void {
    for (const [key, group] of this.#groups) {
      if (group.delete(subscriber) && group.size === 0) this.#groups.delete(key);
    }
  }

  /** Reads as soon as possible, because there may be changes. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Ends every present and later watch with this error, and waits for the read in progress. */
  async end(error: UserError): Promise<void> {
    this.#ended = error;
    this.#closing.abort();
    for (const group of this.#groups.values()) group.fail(error);
    this.#groups.clear();
    this.wake();
    await this.#reading;
  }

  #begin(feed: string, position: FeedPosition): void {
    this.#feed = feed;
    this.#position = position;
  }

  #add({ tenantIds, onFailure }: Watcher, at: FeedPosition) {
    const key = SubscriberGroup.keyOf(tenantIds);
    const group = this.#groups.get(key) ?? new SubscriberGroup(tenantIds);
    this.#groups.set(key, group);
    const subscriber = group.add(
      { feed: this.#feed as string, changes: [], position: at, time: this.#time },
      onFailure,
    );
    this.#start();
    return { subscriber, at };
  }

  #start(): void {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      // A watcher may have joined while the last read ended.
      if (this.#isWanted) this.#start();
    });
  }

  async #read(): Promise<void> {
    do {
      this.#isWoken = false;
      const { spacingMs, pauseMs } = await this.#step();
      if (spacingMs > 0) await sleep(spacingMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      if (pauseMs > spacingMs) await this.#rest(pauseMs - spacingMs);
    } while (this.#isWanted);
  }

  /** Returns the minimum pause, and the pause until the next poll. */
  async #step(): Promise<{ spacingMs: number; pauseMs: number }> {
    const { onError, pollMs = POLL_MS } = this.#options;
    try {
      const askedAtMs = performance.now();
      const batch = await this.#log.read(this.#position as FeedPosition, { limit: READ_LIMIT });
      if (batch.feed === this.#feed) this.#deliver(batch, askedAtMs);
      else this.#replace(batch, askedAtMs);
      await this.#adopt(batch.feed);
      if (batch.hasMore) return { spacingMs: 0, pauseMs: 0 };
      return {
        spacingMs:
          batch.changes.length > 0 ? Math.max(MIN_SPACING_MS, this.size * SPACING_MS_PER_WATCHER) : 0,
        pauseMs: pollMs,
      };
    } catch (error) {
      onError(error);
      return { spacingMs: 0, pauseMs: AFTER_FAILURE_MS };
    }
  }

  #deliver(batch: FeedBatch, askedAtMs: number): void {
    this.#listener?.onChanged(batch.changes);
    if (!batch.hasMore) this.#readAtMs = askedAtMs;
    this.#position = batch.position;
    this.#time = batch.time;
    this.#options.hold?.record(batch);
    for (const group of this.#groups.values()) group.deliver(batch);
  }

  /**
   * No position leads from one feed to another, so every watch ends and the tail begins at the present end.
   */
  #replace({ feed, now, time }: FeedBatch, askedAtMs: number): void {
    this.#listener?.onReplaced(feed, this.#feed as string);
    this.#begin(feed, now);
    this.#readAtMs = askedAtMs;
    this.#time = time;
    const error = cursorOfAnotherFeed(feed);
    for (const group of this.#groups.values()) group.fail(error);
    this.#groups.clear();
  }

  async #adopt(feed: string): Promise<void> {
    if (this.#adopted === feed) return;
    await this.#log.adopt();
    this.#adopted = feed;
  }

  #rest(pauseMs: number): Promise<void> | undefined {
    if (this.#isWoken || this.#ended) return;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The error for a position of another feed. Its metadata name the present feed. */
export function cursorOfAnotherFeed(feed: string): UserError {
  const message =
    'The cursor belongs to another feed, because the database was replaced or went back: discard cached users and their versions, and watch without one.';
  return new UserError('CURSOR_EXPIRED', message, { feed });
}
