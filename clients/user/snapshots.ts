import type { UserView } from '@rollcall/contract/user';
import { publish, type SnapshotMoved } from './diagnostics.ts';
import {
  readSnapshot,
  removeUnfinished,
  type SnapshotEntry,
  SnapshotUnusableError,
  writeSnapshot,
} from './snapshot-file.ts';
import type { UserCache } from './user-cache.ts';
import type { Clock } from './user-reader.ts';

/** Where, when and of what snapshots are made. */
export interface SnapshotOptions {
  path: string;
  /** Time in ms between two. */
  intervalMs: number;
  /** The largest view that is written. */
  view: UserView;
  /** Most bytes read at start. */
  maxBytes: number;
  /** Oldest user in ms that is taken in at start. */
  maxStaleMs: number;
}

/** Carries what is in memory over a restart. */
export interface Snapshots {
  /** Writes what is in memory now, where anything is. Never rejects: a fault is a warning of the process. */
  write(): Promise<void>;
  /** The last write, which takes what is in memory at this moment; then no more. Never rejects. */
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
  { clock, unixClock = Date.now }: { clock: Clock; unixClock?: () => number },
): Snapshots {
  let isWritable = load(options, cache, { nowMs: clock(), unixNowMs: unixClock() });
  let isWarned = false;
  let writing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => write(), options.intervalMs).unref();

  async function writeNow(entries: readonly SnapshotEntry[]): Promise<void> {
    const startedAtMs = performance.now();
    try {
      await writeSnapshot(options.path, { writtenAtMs: unixClock(), entries });
      isWarned = false;
      publish('rollcall:user-client:snapshot:written', () => moved(entries.length, startedAtMs));
    } catch (error) {
      publish('rollcall:user-client:snapshot:failed', () => ({ doing: 'write', error }));
      if (!isWarned) warn(`the snapshot ${options.path} cannot be written: ${(error as Error).message}`);
      isWarned = true;
    }
  }

  function write(): Promise<void> {
    const entries = isWritable ? collect(cache, options.view, clock()) : [];
    if (entries.length > 0) writing = writing.then(() => writeNow(entries));
    return writing;
  }

  return {
    write,
    close() {
      clearInterval(timer);
      const last = write();
      isWritable = false;
      return last;
    },
  };
}

/** Answers whether the file may be written: one that is no snapshot is somebody's, and stays. */
function load(
  { path, maxBytes, maxStaleMs }: SnapshotOptions,
  cache: UserCache,
  { nowMs, unixNowMs }: { nowMs: number; unixNowMs: number },
): boolean {
  const startedAtMs = performance.now();
  let taken = 0;
  try {
    removeUnfinished(path);
    const snapshot = readSnapshot(path, maxBytes);
    const sinceMs = Math.max(1, unixNowMs - (snapshot?.writtenAtMs ?? 0));
    for (const { user, id, view, ageMs } of (snapshot?.entries ?? []).toReversed()) {
      if (ageMs + sinceMs > maxStaleMs) continue;
      cache.putUser({ tenantId: user.tenantId, view }, id, {
        user,
        readAtMs: Math.floor(nowMs) - sinceMs - ageMs,
      });
      taken += 1;
    }
    if (snapshot !== undefined)
      publish('rollcall:user-client:snapshot:read', () => moved(taken, startedAtMs));
    return true;
  } catch (error) {
    publish('rollcall:user-client:snapshot:failed', () => ({ doing: 'read', error }));
    const isForeign = error instanceof SnapshotUnusableError && error.isForeign;
    const then = isForeign ? '; it is left alone and none is written, give another snapshotPath' : '';
    warn(`the snapshot ${path} is not used: ${(error as Error).message}${then}`);
    return !isForeign;
  }
}

/** Users are frozen, so that what is collected at once can be written bit by bit. */
function collect(cache: UserCache, largest: UserView, nowMs: number): SnapshotEntry[] {
  const entries: SnapshotEntry[] = [];
  for (const [id, { user, scope, readAtMs }] of cache.all())
    if (scope.view <= largest) entries.push({ user, id, view: scope.view, ageMs: nowMs - readAtMs });
  return entries;
}

function moved(users: number, startedAtMs: number): SnapshotMoved {
  return { users, durationMs: performance.now() - startedAtMs };
}

function warn(message: string): void {
  process.emitWarning(message, { type: 'UserClientWarning', code: 'ROLLCALL_USER_SNAPSHOT' });
}
