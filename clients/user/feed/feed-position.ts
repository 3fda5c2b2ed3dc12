import { MAX_ANSWER_LAG_MS } from '@rollcall/contract/user';
import { FeedClock, LIVE_WITHIN_MS } from './feed-clock.ts';

/** A checkpoint as it arrived. */
interface ReceivedCheckpoint {
  readonly cursor: string;
  /**
   * The feed's own time in ms. Undefined or 1970: the feed gave none, and the checkpoint serves to resume
   * only.
   */
  readonly timeMs: number | undefined;
  /** When it arrived, on the client's clock in ms. */
  readonly arrivedAtMs: number;
  /** Whether changes came with it. */
  readonly hasChanges: boolean;
}

/**
 * How far the feed was read, and since when each tenant is covered.
 *
 * Since when: a stream resumes at a cursor that the feed had reached when its checkpoint arrived, so the
 * stream brings every later change. Earlier reads are not covered: their change may lie before the cursor.
 * Reads begun within half a second after it are not covered either, because an answer may be older than its
 * question by that much.
 *
 * Until when: 2 s after the last checkpoint was true, whether the stream is up or not. The client cannot
 * distinguish a broken stream from a silent one, so coverage lasts 2 s for both, and a stream that resumes
 * within 2 s interrupts no reader. A stream that resumes later brings all missed changes in order. It counts
 * from its first young checkpoint, and coverage still begins where it began before. Answers in between went
 * by age, because `liveSinceMs` was undefined.
 */
export class FeedPosition {
  readonly #clock: () => number;
  readonly #sinceMs = new Map<string, number>();
  #feedClock = new FeedClock();
  #cursor: ReceivedCheckpoint | undefined;
  #stream: { tenantIds: readonly string[]; from: ReceivedCheckpoint | undefined; isConfirmed: boolean };
  #trueAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#stream = { tenantIds: [], from: undefined, isConfirmed: false };
  }

  /** The cursor to resume at. Empty: none yet. */
  get cursor(): string {
    return this.#cursor?.cursor ?? '';
  }

  /** Age in ms of the last checkpoint that counted. Undefined: none did. */
  get lagMs(): number | undefined {
    return Number.isFinite(this.#trueAtMs) ? Math.max(0, this.#clock() - this.#trueAtMs) : undefined;
  }

  /** Tenants that are covered while the feed is live. */
  get covered(): Pick<ReadonlyMap<string, number>, 'size' | 'keys'> {
    return this.#sinceMs;
  }

  /** How long the feed stays live without another checkpoint, in ms. Below 0: it is not live. */
  get liveForMs(): number {
    return LIVE_WITHIN_MS - (this.#clock() - this.#trueAtMs);
  }

  /** Whether the last checkpoint is young enough. */
  get isLive(): boolean {
    return this.liveForMs >= 0;
  }

  liveSinceMs(tenantId: string): number | undefined {
    return this.isLive ? this.#sinceMs.get(tenantId) : undefined;
  }

  /**
   * Starts a stream of these tenants at the cursor. Without a cursor it starts at the current end of the
   * feed.
   */
  startStream(tenantIds: readonly string[]): void {
    this.#stream = { tenantIds, from: this.#cursor, isConfirmed: false };
    this.#feedClock.startStream();
  }

  /**
   * Ends the coverage of tenants that are not in the stream: its first checkpoint moves the cursor past their
   * changes. Call it before `advance`. Returns these tenants.
   */
  dropUnstreamed(): string[] {
    if (this.#stream.isConfirmed) return [];
    const streamed = new Set(this.#stream.tenantIds);
    const leftOut = [...this.#sinceMs.keys()].filter((tenantId) => !streamed.has(tenantId));
    for (const tenantId of leftOut) this.#sinceMs.delete(tenantId);
    return leftOut;
  }

  /** Advances to a checkpoint, once its changes are applied. Returns whether it is young enough to count. */
  advance(checkpoint: ReceivedCheckpoint): boolean {
    const isEcho = this.#confirm(checkpoint);
    this.#cursor = checkpoint;
    // A service that does not know the time says 1970.
    if (isEcho || checkpoint.timeMs === undefined || checkpoint.timeMs <= 0) return false;
    const trueAtMs = this.#feedClock.record(checkpoint.timeMs, checkpoint.arrivedAtMs);
    if (trueAtMs === undefined) return false;
    this.#trueAtMs = Math.max(this.#trueAtMs, trueAtMs);
    return this.isLive;
  }

  /** Forgets cursor and coverage, after a gap. Returns the tenants that were covered. */
  reset(): string[] {
    const tenantIds = [...this.#sinceMs.keys()];
    this.#sinceMs.clear();
    this.#cursor = undefined;
    this.#feedClock = new FeedClock();
    this.#trueAtMs = Number.NEGATIVE_INFINITY;
    return tenantIds;
  }

  /**
   * Starts the coverage of new tenants at the first checkpoint of a stream. Returns whether it only repeats
   * the cursor to resume at, before the missed changes: then it says nothing about now, whatever its time.
   */
  #confirm({ cursor, arrivedAtMs, hasChanges }: ReceivedCheckpoint): boolean {
    const { tenantIds, from, isConfirmed } = this.#stream;
    if (isConfirmed) return false;
    this.#stream.isConfirmed = true;
    for (const tenantId of tenantIds) {
      if (this.#sinceMs.has(tenantId)) continue;
      this.#sinceMs.set(tenantId, (from?.arrivedAtMs ?? arrivedAtMs) + MAX_ANSWER_LAG_MS);
    }
    return from !== undefined && from.cursor === cursor && !hasChanges;
  }
}
