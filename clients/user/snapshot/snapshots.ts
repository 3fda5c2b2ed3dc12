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
import { SnapshotWriter, toSnapshotMoved, warnOfSnapshot } from './snapshot-writer.ts';

/** Stands for the feed of a snapshot without one. It differs from every feed that the service names. */
const UNKNOWN_FEED = 'unknown';

/** When and where snapshots are written. */
export interface SnapshotOptions {
  path: string;
  /** Time between two snapshots, in ms. */
  intervalMs: number;
  /** The largest view that is written. */
  view: UserView;
  /** Most bytes of the file. */
  maxBytes: number;
  /** Oldest age in ms of a user that is read at the start. */
  maxStaleMs: number;
}

interface SnapshotContext {
  clock: Clock;
  /** Identity of the change feed. Empty or absent: not known. */
  feed?: () => string;
  /** Absent: `Date.now`. */
  unixClock?: () => number;
}

/** Carries users in memory over a restart. */
export interface Snapshots {
  /** Identity of the change feed that the users read belong to. Empty: none were read. */
  readonly feed: string;
  /**
   * Writes a snapshot now, unless there is nothing to write or a write is in progress. Never rejects: a
   * failure is a warning of the process.
   */
  write(): Promise<void>;
  /** Writes the last snapshot, with the users of this moment. Aborted after 10 s. Never rejects. */
  close(): Promise<void>;
}

/**
 * Reads the last snapshot into the cache, and writes one every `intervalMs` and at the end. Call it before
 * the first read, so that users of the snapshot are older than all others and never fresh. The time between
 * two processes comes from the machine's clock. Where that went back, it counts as none.
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

/**
 * Reads the file into the cache. Versions of its users do not bind, since the service's database may have
 * gone back meanwhile. Returns whether the file may be written: a file that is not a snapshot belongs to
 * someone else.
 */
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
      publish('rollcall:user-client:snapshot:read', () => toSnapshotMoved(taken, startedAtMs));
    return { isWritable: true, feed: taken > 0 ? snapshot?.feed || UNKNOWN_FEED : '' };
  } catch (error) {
    publish('rollcall:user-client:snapshot:failed', () => ({ doing: 'read', error }));
    const isForeign = error instanceof SnapshotUnusableError && error.isForeign;
    const then = isForeign ? '; it is left alone and none is written, give another snapshotPath' : '';
    warnOfSnapshot(`the snapshot ${path} is not used: ${(error as Error).message}${then}`);
    return { isWritable: !isForeign, feed: '' };
  }
}

/** Collects entries at once. Users are frozen, so they can be written bit by bit. */
function collect(cache: UserCache, largest: UserView, nowMs: number): SnapshotEntry[] {
  const entries: SnapshotEntry[] = [];
  for (const [id, { user, scope, readAtMs, dueVersion }] of cache.allComparable())
    if (scope.view <= largest)
      entries.push({ user, id, view: scope.view, ageMs: nowMs - readAtMs, dueVersion });
  return entries;
}
