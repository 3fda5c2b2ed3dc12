import type { MetricReading } from '@rollcall/runtime/rpc';
import type { ChangeLog, FeedBatch, FeedHolder } from './change-log.ts';

/** What watching over the feed's end needs. */
export interface FeedHoldOptions {
  /** Called once when a transaction begins to hold the feed back, with the transaction. */
  readonly onHeld: (holder: FeedHolder & { readonly behindMs: number }) => void;
  /** Called once when the feed goes on, with how long it was held. */
  readonly onFree: (held: { readonly heldMs: number }) => void;
  readonly onError: (error: unknown) => void;
}

/** How far the end of the feed is behind, and which transaction it waits for. */
export interface FeedHold {
  /** Takes in what the tail read. */
  record(stretch: Pick<FeedBatch, 'behindMs' | 'hasMore'>): void;
  readings(): MetricReading[];
}

/** Half of what a client trusts a checkpoint for, so that the line stands in the log before clients notice. Milliseconds. */
const HELD_AFTER_MS = 1000;
/** Time between two looks at who holds it, while it is held. Milliseconds. */
const LOOK_MS = 1000;

/** Watches over the end of the feed: a transaction that writes and stays open, in any database of the server, holds it. */
export function createFeedHold(log: Pick<ChangeLog, 'holder'>, options: FeedHoldOptions): FeedHold {
  const { onHeld, onFree, onError } = options;
  const startedAtMs = performance.now();
  let last = { behindMs: 0, notedAtMs: startedAtMs };
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let isHeld = false;
  let heldSinceMs: number | undefined;
  let holder: FeedHolder | undefined;

  function free(nowMs: number): void {
    isHeld = false;
    holder = undefined;
    if (heldSinceMs !== undefined) onFree({ heldMs: Math.round(nowMs - heldSinceMs) });
    heldSinceMs = undefined;
  }

  async function look(nowMs: number, behindMs: number): Promise<void> {
    lookedAtMs = nowMs;
    const found = await log.holder();
    // Whoever held it may be done by now.
    if (!isHeld || found === undefined) return;
    holder = found;
    if (heldSinceMs !== undefined) return;
    heldSinceMs = nowMs - behindMs;
    onHeld({ ...found, behindMs: Math.round(behindMs) });
  }

  return {
    record(stretch) {
      if (stretch.hasMore) return;
      const nowMs = performance.now();
      // A feed that was never complete yet is behind since this process first read it.
      const behindMs = Math.min(stretch.behindMs, nowMs - startedAtMs);
      last = { behindMs, notedAtMs: nowMs };
      isHeld = behindMs >= HELD_AFTER_MS;
      if (!isHeld) free(nowMs);
      else if (nowMs - lookedAtMs >= LOOK_MS) look(nowMs, behindMs).catch(onError);
    },
    readings() {
      const behindMs = last.behindMs + performance.now() - last.notedAtMs;
      const behind: MetricReading = {
        name: 'rollcall_user_feed_behind_seconds',
        help: 'How long ago everything was committed that the change feed has told.',
        type: 'gauge',
        labels: {},
        value: behindMs / 1000,
      };
      if (holder === undefined) return [behind];
      const { database, pid, ageMs } = holder;
      const held: MetricReading = {
        name: 'rollcall_user_feed_held_seconds',
        help: 'Age of the transaction that the change feed waits for, by its database and process; absent while there is none.',
        type: 'gauge',
        labels: { database, pid: pid === undefined ? 'prepared' : String(pid) },
        value: (ageMs ?? behindMs) / 1000,
      };
      return [behind, held];
    },
  };
}
