import { type UserChange, UserChangeKind } from '@rollcall/contract/user';
import { type LookUpOptions, lookUpUsers, READ_LAG_MS, type UncachedUsers } from './look-up-users.ts';

/** Where to read from. */
export interface FeedPosition {
  readonly tenantIds: readonly string[];
  /** Empty: from now on. */
  readonly cursor: string;
}

/** What is told of reading. */
interface ReadListener {
  /** Something came: the feed is alive. */
  onMessage(): void;
  /** Users were erased. */
  onErased?(): void;
}

// Users that were merged or taken apart, by tenant, with the versions that made them so.
type Merged = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

const SAVE_EVERY_MS = 10_000;

/**
 * Reads the feed until it breaks, and looks up whoever takes part in a merge: at once, and again when no answer can be from
 * before it any more. The cursor is saved behind what was looked up twice.
 */
export async function readMerges(
  place: FeedPosition,
  options: LookUpOptions & { readonly listener: ReadListener },
): Promise<void> {
  const { users, store, signal, listener } = options;
  const twice: { readonly merged: Merged; readonly cursor: string; readonly dueMs: number }[] = [];
  let savedMs = Number.NEGATIVE_INFINITY;
  for await (const { changes, checkpoint } of users.watchUsers(toRequest(place), { signal })) {
    listener.onMessage();
    if (changes.some(({ kind }) => kind === UserChangeKind.ERASED)) listener.onErased?.();
    const merged = mergedIn(changes);
    if (merged.size > 0) {
      await lookUp(merged, options);
      const dueMs = performance.now() + READ_LAG_MS;
      twice.push({ merged, cursor: checkpoint?.cursor ?? '', dueMs });
    }
    let safe = twice.length === 0 ? (checkpoint?.cursor ?? '') : '';
    for (let first = twice[0]; first && first.dueMs <= performance.now(); first = twice[0]) {
      await lookUp(first.merged, options);
      safe = first.cursor || safe;
      twice.shift();
      savedMs = Number.NEGATIVE_INFINITY;
    }
    if (safe && performance.now() - savedMs >= SAVE_EVERY_MS) {
      await store.saveCursor(safe);
      savedMs = performance.now();
    }
  }
}

/** Where the feed is now. */
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
    throw new Error('the change feed ended before it said where it is');
  } finally {
    // Connect's clients do not pass the end of a loop on to the transport.
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
      // In the order of versions, so that the last one stays.
      new Map(each.map(({ id, version }) => [id, version])),
    ]),
  );
}
