import { MAX_ANSWER_LAG_MS } from '@rollcall/contract/user';
import { FeedClock, LIVE_WITHIN_MS } from './feed-clock.ts';

/** A checkpoint as it came. */
interface ReceivedCheckpoint {
  readonly cursor: string;
  /** The feed's own time in ms. Undefined, or 1970: it gave none, so the checkpoint is a place to resume at and nothing else. */
  readonly timeMs: number | undefined;
  /** When it came, on the client's clock in ms. */
  readonly arrivedAtMs: number;
  /** Whether changes came with it. */
  readonly hasChanges: boolean;
}

/**
 * How far the feed was read, and what follows from it for each tenant.
 *
 * Since when: a stream goes on from a place that the feed had reached when the checkpoint of that place came, so every
 * change after that arrival is told. Reads begun earlier are not covered: their change may lie before the place. Neither are
 * those begun within half a second of it, because an answer may be so much older than the question.
 *
 * Until when: 2 s after the last checkpoint was true, whether the stream is up or not. A broken stream and a silent one look
 * the same from behind a wire, so both get the same 2 s; a stream that resumes within them is not noticed by readers. One
 * that resumes later, by its cursor, tells all that was missed in order, and counts from the first checkpoint that is young
 * again: then everything since the old beginning has been told, so that beginning stays. What was answered from memory in
 * between was answered by its age, because `liveSinceMs` said undefined.
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

  /** Where to resume; empty: nowhere yet. */
  get cursor(): string {
    return this.#cursor?.cursor ?? '';
  }

  /** Age in ms of the last checkpoint that counted. Undefined: none did. */
  get lagMs(): number | undefined {
    return Number.isFinite(this.#trueAtMs) ? Math.max(0, this.#clock() - this.#trueAtMs) : undefined;
  }

  /** Tenants of which every change is told, as long as news arrives. */
  get covered(): Pick<ReadonlyMap<string, number>, 'size' | 'keys'> {
    return this.#sinceMs;
  }

  /** How long, in ms, news still counts as arriving where nothing more comes. Below 0: it does not arrive. */
  get liveForMs(): number {
    return LIVE_WITHIN_MS - (this.#clock() - this.#trueAtMs);
  }

  /** Whether news arrives. */
  get isLive(): boolean {
    return this.liveForMs >= 0;
  }

  liveSinceMs(tenantId: string): number | undefined {
    return this.isLive ? this.#sinceMs.get(tenantId) : undefined;
  }

  /** A stream of these tenants begins at the cursor, or from now on. */
  startStream(tenantIds: readonly string[]): void {
    this.#stream = { tenantIds, from: this.#cursor, isConfirmed: false };
    this.#feedClock.startStream();
  }

  /**
   * Called before a checkpoint is reached: the first of a stream ends the coverage of tenants that are not in it, because the
   * cursor passes their changes by from there on. Answers them.
   */
  leaveOut(): string[] {
    if (this.#stream.isConfirmed) return [];
    const streamed = new Set(this.#stream.tenantIds);
    const leftOut = [...this.#sinceMs.keys()].filter((tenantId) => !streamed.has(tenantId));
    for (const tenantId of leftOut) this.#sinceMs.delete(tenantId);
    return leftOut;
  }

  /** A checkpoint came; what came with it has been told. Answers whether it counts: as news that is young. */
  reach(checkpoint: ReceivedCheckpoint): boolean {
    const isEcho = this.#confirm(checkpoint);
    this.#cursor = checkpoint;
    // 1970 is how a service says that it cannot tell.
    if (isEcho || checkpoint.timeMs === undefined || checkpoint.timeMs <= 0) return false;
    const trueAtMs = this.#feedClock.note(checkpoint.timeMs, checkpoint.arrivedAtMs);
    if (trueAtMs === undefined) return false;
    this.#trueAtMs = Math.max(this.#trueAtMs, trueAtMs);
    return this.isLive;
  }

  /** Forgets place and coverage, after a gap. Answers the tenants that had been covered. */
  lose(): string[] {
    const tenantIds = [...this.#sinceMs.keys()];
    this.#sinceMs.clear();
    this.#cursor = undefined;
    this.#feedClock = new FeedClock();
    this.#trueAtMs = Number.NEGATIVE_INFINITY;
    return tenantIds;
  }

  /**
   * The first checkpoint of a stream begins the coverage of tenants that are new in it. Answers whether it only repeats where
   * the stream was to resume, ahead of what was missed: whatever time it bears, it is no news.
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
