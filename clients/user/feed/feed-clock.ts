/** Age in ms from which the last checkpoint is late. The contract promises one every second. */
export const LIVE_WITHIN_MS = 2_000;

/**
 * Longer than any silence that a stream survives, in ms. Between two checkpoints of one stream only a clock
 * jumps so far.
 */
const JUMP_MS = 4_000;
/** Most drift between two clocks per ms: a clock is slewed by 500 ppm at most, and there are two. */
const DRIFT_RATIO = 0.001;

/**
 * Measures the age of a checkpoint without comparing the clocks of two machines: the delay of the checkpoint
 * minus the shortest delay seen so far. This detects a feed that repeats itself, or that falls behind while
 * its checkpoints arrive on time. It does not detect a feed that is behind by a constant time from its first
 * checkpoint on.
 */
export class FeedClock {
  /**
   * The client's clock minus the feed's, for a checkpoint that is not late. Undefined: not known, or no
   * longer.
   */
  #offsetMs: number | undefined;
  /** After a jump of a clock: the feed's time counts again once it is past this. */
  #untrustedUntilMs = Number.NEGATIVE_INFINITY;
  #last: Reading | undefined;

  /** Starts a new stream, whose first checkpoint is not compared with the last one of the earlier stream. */
  startStream(): void {
    this.#last = undefined;
  }

  /**
   * Records a checkpoint: the feed's time in it, and when it arrived. Returns the point on the client's clock
   * at which it was true. Undefined: a clock jumped; the next later checkpoint counts again.
   */
  record(timeMs: number, arrivedAtMs: number): number | undefined {
    const offsetMs = arrivedAtMs - timeMs;
    const last = this.#last;
    const now = { timeMs, arrivedAtMs };
    this.#last = now;
    if (isJump(now, last) || (this.#offsetMs !== undefined && offsetMs < this.#offsetMs - LIVE_WITHIN_MS)) {
      this.#offsetMs = undefined;
      this.#untrustedUntilMs = timeMs;
    }
    if (timeMs <= this.#untrustedUntilMs) return undefined;
    const driftMs = last === undefined ? 0 : (arrivedAtMs - last.arrivedAtMs) * DRIFT_RATIO;
    this.#offsetMs = Math.min((this.#offsetMs ?? offsetMs) + driftMs, offsetMs);
    this.#untrustedUntilMs = Number.NEGATIVE_INFINITY;
    return timeMs + this.#offsetMs;
  }
}

interface Reading {
  timeMs: number;
  arrivedAtMs: number;
}

/** A server that catches up may set the feed's time back a little when it joins the common feed. */
function isJump(now: Reading, last: Reading | undefined): boolean {
  if (last === undefined) return false;
  return last.timeMs - now.timeMs > LIVE_WITHIN_MS || now.arrivedAtMs - last.arrivedAtMs > JUMP_MS;
}
