import type { UserView } from '@rollcall/contract/user';
import { publish } from '../model/diagnostics.ts';
import type { Clock } from '../model/user-reader.ts';
import type { UserCache } from '../store/user-cache.ts';
import {
  readSnapshot,
  removeUnfinished,
  type SnapshotEntry,
  SnapshotUnusableError,
} from './snapshot-file.ts';
import { SnapshotWriter, toMoved, warnOfSnapshot } from './snapshot-writer.ts';

/** Stands for the feed of a snapshot that names none: whatever the service names is another one. */
const UNKNOWN_FEED = 'unknown';

/** Where, when and of what snapshots are made. */
export interface SnapshotOptions {
  path: string;
  /** Time in ms between two. */
  intervalMs: number;
  /** The largest view that is written. */
  view: UserView;
  /** Most bytes of the file. */
  maxBytes: number;
  /** Oldest user in ms that is taken in at start. */
  maxStaleMs: number;
}

/** What snapshots stand beside. */
interface SnapshotContext {
  clock: Clock;
  /** Identity of the change feed. Empty, or absent: not known. */
  feed?: () => string;
  /** Absent: `Date.now`. */
  unixClock?: () => number;
}

/** Carries what is in memory over a restart. */
export interface Snapshots {
  /** Identity of the change feed that the users taken in were true of. Empty: none were taken in. */
  readonly feed: string;
  /**
   * Writes what is in memory now, where anything is and no other write is under way. Never rejects: a fault is a warning of
   * the process.
   */
  write(): Promise<void>;
  /**
   * The last write, which takes what is in memory at this moment; then no more. Given up after 10 s.
   * Never rejects.
   */
  close(): Promise<void>;
}

/**
 * Takes in the last snapshot, and writes one every `intervalMs` and at the end. Called before the cache is read through, so
 * that users of it are older than all that this process reads, and never fresh. The age of a user while no process ran is told by the
 * machine's clock; where that went back, the time between counts as none.
 */
export function startSnapshots(
  options: SnapshotOptions,
  cache: UserCache,
  { clock, feed = () => '', unixClock = Date.now }: SnapshotContext,
): Snapshots {
  const { isWritable, feed: feedRead } = load(options, cache, { nowMs: clock(), unixNowMs: unixClock() });
  const collectNow = () => (isWritable ? collect(cache, options.view, clock()) : []);
  const writer = new SnapshotWriter({ ...options, feed, unixClock });
  const write = () => writer.write(collectNow);
  const timer = setInterval(write, options.intervalMs).unref();
  let closing: Promise<void> | undefined;
  return {
    feed: feedRead,
    write: () => closing ?? write(),
    close() {
      clearInterval(timer);
      closing ??= writer.writeLast(collectNow());
      return closing;
    },
  };
}

/** Users of the file bind no version: the service's database may have gone back since. Answers whether the file may be written: one that is no snapshot is somebody's, and stays. */
function load(
  { path, maxBytes, maxStaleMs }: SnapshotOptions,
  cache: UserCache,
  { nowMs, unixNowMs }: { nowMs: number; unixNowMs: number },
): { isWritable: boolean; feed: string } {
  const startedAtMs = performance.now();
  let taken = 0;
  try {
    removeUnfinished(path);
    const snapshot = readSnapshot(path, maxBytes);
    const sinceMs = Math.max(1, unixNowMs - (snapshot?.writtenAtMs ?? 0));
    for (const { user, id, view, ageMs, dueVersion } of (snapshot?.entries ?? []).toReversed()) {
      if (ageMs + sinceMs > maxStaleMs) continue;
      cache.putUser({ tenantId: user.tenantId, view }, id, {
        user,
        dueVersion,
        readAtMs: Math.floor(nowMs) - sinceMs - ageMs,
      });
      taken += 1;
    }
    cache.unbind();
    if (snapshot !== undefined)
      publish('rollcall:user-client:snapshot:read', () => toMoved(taken, startedAtMs));
    return { isWritable: true, feed: taken > 0 ? snapshot?.feed || UNKNOWN_FEED : '' };
  } catch (error) {
    publish('rollcall:user-client:snapshot:failed', () => ({ doing: 'read', error }));
    const isForeign = error instanceof SnapshotUnusableError && error.isForeign;
    const then = isForeign ? '; it is left alone and none is written, give another snapshotPath' : '';
    warnOfSnapshot(`the snapshot ${path} is not used: ${(error as Error).message}${then}`);
    return { isWritable: !isForeign, feed: '' };
  }
}

/** Users are frozen, so that what is collected at once can be written bit by bit. */
function collect(cache: UserCache, largest: UserView, nowMs: number): SnapshotEntry[] {
  const entries: SnapshotEntry[] = [];
  for (const [id, { user, scope, readAtMs, dueVersion }] of cache.allComparable())
    if (scope.view <= largest)
      entries.push({ user, id, view: scope.view, ageMs: nowMs - readAtMs, dueVersion });
  return entries;
}
