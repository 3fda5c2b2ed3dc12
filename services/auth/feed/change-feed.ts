import { MAX_ANSWER_LAG_MS } from '@rollcall/contract/user';
import { UserError } from '../users/user-error.ts';
import type { ChangeLog, FeedBounds } from './change-log.ts';
import { type FeedPosition, positionFromCursor, toCursor } from './feed-position.ts';
import type { FeedNews } from './subscriber.ts';
import { type Listener, Tail, type TailOptions } from './tail.ts';

/** What to watch. */
export interface WatchQuery {
  readonly tenantIds: readonly string[];
  /** Where to resume; empty: from now on. */
  readonly cursor: string;
}

/** What a watcher hears, with where to resume behind it. One object for all who hear the same at once. */
export type WatchNews = Pick<FeedNews, 'changes' | 'time'> & { readonly cursor: string };

/** The call that watches. */
export interface WatchCall {
  readonly signal: AbortSignal;
  /** Ends the call also where it waits for its caller to read. */
  abort(error: UserError): void;
}

/** Tells watchers of the changes of users. */
export interface ChangeFeed extends AsyncDisposable {
  /**
   * News, as they come: at once, with every change, and at least every half second. Ends when the signal aborts.
   * Throws UserError CURSOR_EXPIRED, STREAM_TOO_SLOW, OVERLOADED, DRAINING.
   */
  watch(query: WatchQuery, call: WatchCall): AsyncIterable<WatchNews>;
  /** Tells this process itself of every change from now on, before any watcher hears of it. Once. */
  listen(listener: Listener): Promise<void>;
  /** Whether the listener has heard of all that was committed until `MAX_ANSWER_LAG_MS` ago. */
  isTold(): boolean;
  /** There may be news. */
  poke(): void;
  /** Ends every watch: the process is about to end. */
  drain(): Promise<void>;
}

/** Half of what the contract allows between two checkpoints. */
const HEARTBEAT_MS = 500;
const MAX_WATCHERS = 2000;
const CATCH_UP_LIMIT = 1000;
const RETENTION_MS = 24 * 60 * 60 * 1000;
const CLEANING_MS = 10 * 60 * 1000;

/** The feed of one process: one reader of the log's end tells all watchers; who is behind catches up by itself first. */
export function createChangeFeed(log: ChangeLog, options: TailOptions): ChangeFeed {
  const tail = new Tail(log, options);
  const cleaning = setInterval(() => log.removeOlderThan(RETENTION_MS).catch(options.onError), CLEANING_MS);
  cleaning.unref();
  const end = () => tail.end(new UserError('DRAINING', 'The process is about to end; resume elsewhere.', {}));
  return {
    watch: (query, call) => watch({ log, tail }, query, call),
    listen: async (listener) => tail.listen(listener, (await log.bounds()).now),
    isTold: () => tail.ageMs < MAX_ANSWER_LAG_MS,
    poke: () => tail.poke(),
    drain: end,
    async [Symbol.asyncDispose]() {
      clearInterval(cleaning);
      await end();
    },
  };
}

async function* watch(
  { log, tail }: { log: ChangeLog; tail: Tail },
  { tenantIds, cursor }: WatchQuery,
  { signal, abort }: WatchCall,
): AsyncGenerator<WatchNews> {
  if (tail.size >= MAX_WATCHERS) throw overloaded();
  const bounds = await log.bounds();
  const start = cursor === '' ? bounds.now : resume(bounds, cursor);
  const { subscriber, at } = await tail.join(
    { tenantIds, onFailure: abort },
    { after: endOf(start), begin: bounds.now },
  );
  const tell = (news: FeedNews) => toWatchNews(news, bounds.feedId);
  try {
    for await (const news of catchUp(log, { from: start, to: at }, tenantIds)) {
      yield tell(news);
      if (signal.aborted) return;
    }
    while (!signal.aborted) yield tell(await subscriber.next(HEARTBEAT_MS, signal));
  } finally {
    tail.leave(subscriber);
  }
}

// From where a watcher is to where it was added to the tail, exactly: what lies beyond comes from there.
async function* catchUp(
  log: ChangeLog,
  { from, to }: { from: FeedPosition; to: FeedPosition },
  tenantIds: readonly string[],
): AsyncGenerator<FeedNews> {
  let position = from;
  do {
    const within = position.within ?? { endXid: to.xid, seq: 0n };
    const stretch = await log.read({ xid: position.xid, within }, { limit: CATCH_UP_LIMIT, tenantIds });
    position = stretch.position;
    yield stretch;
  } while (position.within || position.xid < to.xid);
}

const told = new WeakMap<FeedNews, WatchNews>();

function toWatchNews(news: FeedNews, feedId: string): WatchNews {
  const known = told.get(news);
  if (known) return known;
  const made = { changes: news.changes, time: news.time, cursor: toCursor(feedId, news.position) };
  told.set(news, made);
  return made;
}

function endOf({ xid, within }: FeedPosition): FeedPosition {
  return { xid: within?.endXid ?? xid };
}

function resume({ feedId, removedThrough, xmax }: FeedBounds, cursor: string): FeedPosition {
  const position = positionFromCursor(feedId, cursor);
  if (position && position.xid > removedThrough && endOf(position).xid <= xmax) return position;
  const message =
    'The cursor is not of this feed, or older than it reaches: forget what is kept and watch without one.';
  throw new UserError('CURSOR_EXPIRED', message, {});
}

function overloaded(): UserError {
  const message = `This process has ${MAX_WATCHERS} watchers and takes no more; try again elsewhere.`;
  return new UserError('OVERLOADED', message, { limit: String(MAX_WATCHERS) });
}
