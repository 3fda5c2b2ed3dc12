import { type UserChange, UserChangeKind } from '@rollcall/contract/user';
import { type LookUpOptions, lookUpUsers, READ_LAG_MS, type UncachedUsers } from './look-up-users.ts';

/** The tenants of a stream, and its start. */
export interface FeedPosition {
  readonly tenantIds: readonly string[];
  /** Empty: start at the newest change. */
  readonly cursor: string;
}

/** Callbacks of a stream. */
interface ReadListener {
  /** A message arrived. */
  onMessage(): void;
  /** The message reports erased users. */
  onErased?(): void;
}

// Merged and unmerged users by tenant, with the versions of the change.
type Merged = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

const SAVE_EVERY_MS = 10_000;

/**
 * Reads the feed until it breaks, and looks up each merged user twice: at once, and again when no read can
 * lag the merge any more. The saved cursor stays behind the second look-up.
 */
export async function readMerges(
  place: FeedPosition,
  options: LookUpOptions & { readonly listener: ReadListener },
): Promise<void> {
  const { users, store, signal, listener } = options;
  const rechecks: { readonly merged: Merged; readonly cursor: string; readonly dueMs: number }[] = [];
  let savedMs = Number.NEGATIVE_INFINITY;
  for await (const { changes, checkpoint } of users.watchUsers(toRequest(place), { signal })) {
    listener.onMessage();
    if (changes.some(({ kind }) => kind === UserChangeKind.ERASED)) listener.onErased?.();
    const merged = mergedIn(changes);
    if (merged.size > 0) {
      await lookUp(merged, options);
      const dueMs = performance.now() + READ_LAG_MS;
      rechecks.push({ merged, cursor: checkpoint?.cursor ?? '', dueMs });
    }
    let safeCursor = rechecks.length === 0 ? (checkpoint?.cursor ?? '') : '';
    for (let first = rechecks[0]; first && first.dueMs <= performance.now(); first = rechecks[0]) {
      await lookUp(first.merged, options);
      safeCursor = first.cursor || safeCursor;
      rechecks.shift();
      savedMs = Number.NEGATIVE_INFINITY;
    }
    if (safeCursor && performance.now() - savedMs >= SAVE_EVERY_MS) {
      await store.saveCursor(safeCursor);
      savedMs = performance.now();
    }
  }
}

/** Returns the newest cursor of the feed. */
export async function readCursor(
  users: UncachedUsers,
  tenantIds: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const ending = new AbortController();
  const ended = AbortSignal.any([signal, ending.signal]);
  try {
    for await (const { checkpoint } of users.watchUsers(toRequest({ tenantIds, cursor: '' }), {
      signal: ended,
    }))
      if (checkpoint) return checkpoint.cursor;
    throw new Error('the change feed ended before its first checkpoint');
  } finally {
    // Connect's clients do not stop the transport when a loop ends.
    ending.abort();
  }
}

function toRequest({ tenantIds, cursor }: FeedPosition) {
  return { tenantIds: [...tenantIds], cursor };
}

async function lookUp(merged: Merged, options: LookUpOptions): Promise<void> {
  for (const [tenantId, versions] of merged) await lookUpUsers(tenantId, versions, options);
}

const MERGES: ReadonlySet<UserChangeKind> = new Set([UserChangeKind.MERGED, UserChangeKind.UNMERGED]);

function mergedIn(changes: readonly UserChange[]): Merged {
  const byTenant = Map.groupBy(
    changes.filter(({ kind }) => MERGES.has(kind)),
    ({ tenantId }) => tenantId,
  );
  return new Map(
    [...byTenant].map(([tenantId, each]) => [
      tenantId,
      // The feed is in the order of versions, so the highest version of a user stays.
      new Map(each.map(({ id, version }) => [id, version])),
    ]),
  );
}

/** Ends a stream that stays silent for too long. */
interface Watchdog extends Disposable {
  /** Aborted when the stream must end. */
  readonly signal: AbortSignal;
  /** Whether `stop` ended the stream. */
  readonly isStopped: boolean;
  reset(): void;
  /** Ends the stream without a fault. */
  stop(): void;
}

/** @param silenceMs the longest silence before the stream is aborted. Milliseconds. */
export function createWatchdog(ending: AbortSignal, silenceMs: number): Watchdog {
  const own = new AbortController();
  let isStopped = false;
  const timeOut = () => own.abort(new Error(`the change feed was silent for ${silenceMs} ms`));
  let timer = setTimeout(timeOut, silenceMs);
  return {
    signal: AbortSignal.any([ending, own.signal]),
    get isStopped() {
      return isStopped;
    },
    reset() {
      clearTimeout(timer);
      timer = setTimeout(timeOut, silenceMs);
    },
    stop() {
      isStopped = true;
      own.abort();
    },
    // Connect's clients do not stop the transport when a loop ends, so this aborts the stream too.
    [Symbol.dispose]() {
      clearTimeout(timer);
      own.abort();
    },
  };
}
