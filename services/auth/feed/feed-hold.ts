import type { MetricReading } from '@rollcall/runtime/rpc';
import type { ChangeLog, FeedBatch, FeedHolder } from './change-log.ts';

/** Callbacks of `createFeedHold`. */
interface FeedHoldOptions {
  /** Called once when a transaction begins to hold the feed back. */
  readonly onHeld: (holder: FeedHolder & { readonly behindMs: number }) => void;
  /** Called once when the feed is released, with how long it was held. */
  readonly onFree: (held: { readonly heldMs: number }) => void;
  readonly onError: (error: unknown) => void;
}

/** Measures how far the end of the feed is behind, and which transaction holds it back. */
export interface FeedHold {
  /** Records a batch that the tail read. */
  record(batch: Pick<FeedBatch, 'behindMs' | 'hasMore'>): void;
  readings(): MetricReading[];
}

/**
 * Half of the time for which a client trusts a checkpoint, so that the log shows the hold before clients
 * notice it. Milliseconds.
 */
const HELD_AFTER_MS = 1000;
/** Time between two look-ups of the holding transaction. Milliseconds. */
const LOOKUP_MS = 1000;

/**
 * Watches the end of the feed. An open transaction that writes, in any database of the server, holds it back.
 */
export function createFeedHold(log: Pick<ChangeLog, 'holder'>, options: FeedHoldOptions): FeedHold {
  const { onHeld, onFree, onError } = options;
  const startedAtMs = performance.now();
  let last = { behindMs: 0, notedAtMs: startedAtMs };
  let lookedUpAtMs = Number.NEGATIVE_INFINITY;
  let isHeld = false;
  let heldSinceMs: number | undefined;
  let holder: FeedHolder | undefined;

  function free(nowMs: number): void {
    isHeld = false;
    holder = undefined;
    if (heldSinceMs !== undefined) onFree({ heldMs: Math.round(nowMs - heldSinceMs) });
    heldSinceMs = undefined;
  }

  async function lookUpHolder(nowMs: number, behindMs: number): Promise<void> {
    lookedUpAtMs = nowMs;
    const found = await log.holder();
    // The transaction may have ended meanwhile.
    if (!isHeld || found === undefined) return;
    holder = found;
    if (heldSinceMs !== undefined) return;
    heldSinceMs = nowMs - behindMs;
    onHeld({ ...found, behindMs: Math.round(behindMs) });
  }

  return {
    record(batch) {
      if (batch.hasMore) return;
      const nowMs = performance.now();
      // A feed that was never complete counts as behind since the first read of this process.
      const behindMs = Math.min(batch.behindMs, nowMs - startedAtMs);
      last = { behindMs, notedAtMs: nowMs };
      isHeld = behindMs >= HELD_AFTER_MS;
      if (!isHeld) free(nowMs);
      else if (nowMs - lookedUpAtMs >= LOOKUP_MS) lookUpHolder(nowMs, behindMs).catch(onError);
    },
    readings() {
      const behindMs = last.behindMs + performance.now() - last.notedAtMs;
      const behind: MetricReading = {
        name: 'rollcall_user_feed_behind_seconds',
        help: 'Time since the commit up to which the change feed is complete.',
        type: 'gauge',
        labels: {},
        value: behindMs / 1000,
      };
      if (holder === undefined) return [behind];
      const { database, pid, ageMs } = holder;
      const held: MetricReading = {
        name: 'rollcall_user_feed_held_seconds',
        help: 'Age of the transaction that holds the change feed back, by its database and process; absent while there is none.',
        type: 'gauge',
        labels: { database, pid: pid === undefined ? 'prepared' : String(pid) },
        value: (ageMs ?? behindMs) / 1000,
      };
      return [behind, held];
    },
  };
}
