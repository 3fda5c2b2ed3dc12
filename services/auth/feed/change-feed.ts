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

interface WatchQuery {
  readonly tenantIds: readonly string[];
  /** Resume at this cursor. Empty: from now on. */
  readonly cursor: string;
}

/** An update for a watcher, with the cursor after it. Watchers that get the same update share one object. */
export type WatchUpdate = Pick<FeedUpdate, 'feed' | 'changes' | 'time'> & { readonly cursor: string };

/** The call that watches. */
interface WatchCall {
  readonly signal: AbortSignal;
  /** Ends the call, even if it waits for a slow reader. */
  abort(error: UserError): void;
}

/** Sends changes of users to watchers. */
export interface ChangeFeed extends AsyncDisposable {
  /** Identity of the feed; undefined before the first read. */
  readonly id: string | undefined;
  /**
   * Yields an update at once, for every change, and at least every half second, until the signal aborts.
   * @throws UserError CURSOR_EXPIRED, STREAM_TOO_SLOW, OVERLOADED, DRAINING.
   */
  watch(query: WatchQuery, call: WatchCall): AsyncIterable<WatchUpdate>;
  /** Attaches this process, which gets every change from now on before any watcher does. Call it once. */
  attach(listener: FeedListener): Promise<void>;
  /**
   * Whether the attached process has received everything that was committed until `MAX_ANSWER_LAG_MS` ago.
   */
  isFeedCurrent(): boolean;
  /** Reads as soon as possible, because there may be changes. */
  wake(): void;
  /** Ends every watch before the process ends. */
  drain(): Promise<void>;
}

/** Half of the time that the contract allows between two checkpoints. */
const HEARTBEAT_MS = 500;
const MAX_WATCHES = 2000;
const MAX_READS = 2;
const CATCH_UP_LIMIT = 1000;
const RETENTION_MS = 24 * 60 * 60 * 1000;
const CLEANING_MS = 10 * 60 * 1000;

/** Options of `createChangeFeed`. */
interface ChangeFeedOptions extends TailOptions {
  /**
   * Maximum number of watches that read the log at the same time; others wait.
   * @defaultValue 2
   */
  readonly maxReads?: number;
}

/**
 * Creates the feed of one process. One reader of the end of the log serves all watchers; a watcher that is
 * behind catches up by reads of its own first.
 */
export function createChangeFeed(log: ChangeLog, options: ChangeFeedOptions): ChangeFeed {
  const tail = new Tail(log, options);
  const slots = new WatchSlots({ maxWatches: MAX_WATCHES, maxReads: options.maxReads ?? MAX_READS });
  const cleaning = setInterval(() => log.removeOlderThan(RETENTION_MS).catch(options.onError), CLEANING_MS);
  cleaning.unref();
  const end = () => tail.end(new UserError('DRAINING', 'The process is about to end; resume elsewhere.', {}));
  return {
    get id() {
      return tail.feed;
    },
    watch: (query, call) => watch({ log: inTurn(log, slots, call.signal), tail, slots }, query, call),
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

/** The reads of a watch. */
type WatchedLog = Pick<ChangeLog, 'bounds' | 'read'>;

// Many watches open at once when a process begins. They take turns, so that none fails for lack of a
// connection.
function inTurn(log: ChangeLog, slots: WatchSlots, signal: AbortSignal): WatchedLog {
  return {
    bounds: () => slots.read(() => log.bounds(), signal),
    read: (after, scope) => slots.read(() => log.read(after, scope), signal),
  };
}

async function* watch(
  { log, tail, slots }: { log: WatchedLog; tail: Tail; slots: WatchSlots },
  { tenantIds, cursor }: WatchQuery,
  { signal, abort }: WatchCall,
): AsyncGenerator<WatchUpdate> {
  using _ = slots.acquire();
  const { subscriber, at, from, feed } = await joinTail({ log, tail }, { tenantIds, cursor }, abort);
  try {
    for await (const update of catchUp(log, { feed, from, to: at }, tenantIds)) {
      yield toWatchUpdate(update);
      if (signal.aborted) return;
    }
    while (!signal.aborted) yield toWatchUpdate(await subscriber.next(HEARTBEAT_MS, signal));
  } finally {
    tail.leave(subscriber);
  }
}

/** Adds a watcher to the tail once both know the same feed. Returns the range to catch up. */
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

// Reads exactly up to the position at which the tail took over.
async function* catchUp(
  log: WatchedLog,
  { feed, from, to }: { feed: string; from: FeedPosition; to: FeedPosition },
  tenantIds: readonly string[],
): AsyncGenerator<FeedUpdate> {
  let position = from;
  do {
    const within = position.within ?? { endXid: to.xid, seq: 0n };
    const batch = await log.read({ xid: position.xid, within }, { limit: CATCH_UP_LIMIT, tenantIds });
    if (batch.feed !== feed) throw cursorOfAnotherFeed(batch.feed);
    position = batch.position;
    yield batch;
  } while (position.within || position.xid < to.xid);
}

const watchUpdates = new WeakMap<FeedUpdate, WatchUpdate>();

function toWatchUpdate(update: FeedUpdate): WatchUpdate {
  const known = watchUpdates.get(update);
  if (known) return known;
  const { feed, changes, time, position } = update;
  const made = { feed, changes, time, cursor: toCursor(feed, position) };
  watchUpdates.set(update, made);
  return made;
}

function resume({ feed, removedThrough, xmax }: FeedBounds, cursor: string): FeedPosition {
  const position = positionFromCursor(feed, cursor);
  if (!position || endOf(position).xid > xmax) throw cursorOfAnotherFeed(feed);
  if (position.xid > removedThrough) return position;
  const message = 'The cursor is older than the feed reaches: discard cached users and watch without one.';
  throw new UserError('CURSOR_EXPIRED', message, { feed });
}
