import { MAX_ANSWER_LAG_MS } from '@rollcall/contract/user';
import { UserError } from '../users/user-error.ts';
import {
  type ChangeLog,
  endOf,
  type FeedBounds,
  type FeedPosition,
  positionFromCursor,
  toCursor,
} from './change-log.ts';
import type { FeedUpdate } from './subscribers.ts';
import { cursorOfAnotherFeed, type FeedListener, Tail, type TailOptions } from './tail.ts';
import { WatchSlots } from './watch-slots.ts';

/** What to watch. */
export interface WatchQuery {
  readonly tenantIds: readonly string[];
  /** Where to resume; empty: from now on. */
  readonly cursor: string;
}

/** What a watcher hears, with where to resume behind it. One object for all who hear the same at once. */
export type WatchUpdate = Pick<FeedUpdate, 'feed' | 'changes' | 'time'> & { readonly cursor: string };

/** The call that watches. */
export interface WatchCall {
  readonly signal: AbortSignal;
  /** Ends the call also where it waits for its caller to read. */
  abort(error: UserError): void;
}

/** Tells watchers of the changes of users. */
export interface ChangeFeed extends AsyncDisposable {
  /** Identity of the feed that is told; undefined: none yet. */
  readonly id: string | undefined;
  /**
   * News, as they come: at once, with every change, and at least every half second. Ends when the signal aborts.
   * Throws UserError CURSOR_EXPIRED, STREAM_TOO_SLOW, OVERLOADED, DRAINING.
   */
  watch(query: WatchQuery, call: WatchCall): AsyncIterable<WatchUpdate>;
  /** Tells this process itself of every change from now on, before any watcher hears of it. Once. */
  attach(listener: FeedListener): Promise<void>;
  /** Whether the listener has heard of all that was committed until `MAX_ANSWER_LAG_MS` ago. */
  isFeedCurrent(): boolean;
  /** There may be news. */
  wake(): void;
  /** Ends every watch: the process is about to end. */
  drain(): Promise<void>;
}

/** Half of what the contract allows between two checkpoints. */
const HEARTBEAT_MS = 500;
const MAX_WATCHES = 2000;
const MAX_READS = 2;
const CATCH_UP_LIMIT = 1000;
const RETENTION_MS = 24 * 60 * 60 * 1000;
const CLEANING_MS = 10 * 60 * 1000;

/** What a feed may use. */
export interface ChangeFeedOptions extends TailOptions {
  /** The most watches that read the log at the same time; others wait. Default 2. */
  readonly maxReads?: number;
}

/** The feed of one process: one reader of the log's end tells all watchers; who is behind catches up by itself first. */
export function createChangeFeed(log: ChangeLog, options: ChangeFeedOptions): ChangeFeed {
  const tail = new Tail(log, options);
  const places = new WatchSlots({ maxWatches: MAX_WATCHES, maxReads: options.maxReads ?? MAX_READS });
  const cleaning = setInterval(() => log.removeOlderThan(RETENTION_MS).catch(options.onError), CLEANING_MS);
  cleaning.unref();
  const end = () => tail.end(new UserError('DRAINING', 'The process is about to end; resume elsewhere.', {}));
  return {
    get id() {
      return tail.feed;
    },
    watch: (query, call) => watch({ log: inTurn(log, places, call.signal), tail, places }, query, call),
    attach: async (listener) => tail.attach(listener, await log.bounds()),
    isFeedCurrent: () => tail.ageMs < MAX_ANSWER_LAG_MS,
    wake: () => tail.wake(),
    drain: end,
    async [Symbol.asyncDispose]() {
      clearInterval(cleaning);
      await end();
    },
  };
}

/** What a watch reads of the log. */
type WatchedLog = Pick<ChangeLog, 'bounds' | 'read'>;

// Many watches open at once when a process begins: they take turns, so that none is refused for want of a connection.
function inTurn(log: ChangeLog, places: WatchSlots, signal: AbortSignal): WatchedLog {
  return {
    bounds: () => places.read(() => log.bounds(), signal),
    read: (after, scope) => places.read(() => log.read(after, scope), signal),
  };
}

async function* watch(
  { log, tail, places }: { log: WatchedLog; tail: Tail; places: WatchSlots },
  { tenantIds, cursor }: WatchQuery,
  { signal, abort }: WatchCall,
): AsyncGenerator<WatchUpdate> {
  using _ = places.acquire();
  const { subscriber, at, from, feed } = await joinTail({ log, tail }, { tenantIds, cursor }, abort);
  try {
    for await (const news of catchUp(log, { feed, from, to: at }, tenantIds)) {
      yield toWatchNews(news);
      if (signal.aborted) return;
    }
    while (!signal.aborted) yield toWatchNews(await subscriber.next(HEARTBEAT_MS, signal));
  } finally {
    tail.leave(subscriber);
  }
}

/** Adds a watcher to the tail, when both know the same feed. Answers from where it catches up, and up to where. */
async function joinTail(
  { log, tail }: { log: WatchedLog; tail: Tail },
  { tenantIds, cursor }: WatchQuery,
  onFailure: (error: UserError) => void,
) {
  for (;;) {
    const bounds = await log.bounds();
    const { feed, now: begin } = bounds;
    const from = cursor === '' ? begin : resume(bounds, cursor);
    const joined = await tail.join({ tenantIds, onFailure }, { feed, after: endOf(from), begin });
    if (joined) return { ...joined, from, feed };
  }
}

// From where a watcher is to where it was added to the tail, exactly: what lies beyond comes from there.
async function* catchUp(
  log: WatchedLog,
  { feed, from, to }: { feed: string; from: FeedPosition; to: FeedPosition },
  tenantIds: readonly string[],
): AsyncGenerator<FeedUpdate> {
  let position = from;
  do {
    const within = position.within ?? { endXid: to.xid, seq: 0n };
    const stretch = await log.read({ xid: position.xid, within }, { limit: CATCH_UP_LIMIT, tenantIds });
    if (stretch.feed !== feed) throw cursorOfAnotherFeed(stretch.feed);
    position = stretch.position;
    yield stretch;
  } while (position.within || position.xid < to.xid);
}

const told = new WeakMap<FeedUpdate, WatchUpdate>();

function toWatchNews(news: FeedUpdate): WatchUpdate {
  const known = told.get(news);
  if (known) return known;
  const { feed, changes, time, position } = news;
  const made = { feed, changes, time, cursor: toCursor(feed, position) };
  told.set(news, made);
  return made;
}

function resume({ feed, removedThrough, xmax }: FeedBounds, cursor: string): FeedPosition {
  const position = positionFromCursor(feed, cursor);
  if (!position || endOf(position).xid > xmax) throw cursorOfAnotherFeed(feed);
  if (position.xid > removedThrough) return position;
  const message = 'The cursor is older than the feed reaches: forget what is kept and watch without one.';
  throw new UserError('CURSOR_EXPIRED', message, { feed });
}
