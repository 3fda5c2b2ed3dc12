/** News is late once the last checkpoint is older than this, in ms. The contract promises one every second. */
export const LIVE_WITHIN_MS = 2_000;

/** Longer than any silence that a stream survives, in ms: between two checkpoints of one stream only a clock can do this. */
const JUMP_MS = 4_000;
/** How much two clocks may drift apart per ms: 500 ppm is the most that a clock is slewed by, and there are two. */
const DRIFT_RATIO = 0.001;

/**
 * Tells how old a checkpoint is, without trusting that the machines' clocks agree: by how much later it comes than the
 * earliest ones did. So a feed that repeats itself, or falls behind while its checkpoints come on time, is seen too.
 * A feed that was behind from its very first checkpoint, and stays so by the same amount, is not.
 */
export class FeedClock {
  /** The client's clock less the feed's, for a checkpoint that is not late. */
  #offsetMs: number | undefined;
  #last: { timeMs: number; arrivedAtMs: number } | undefined;

  /** The next checkpoint is of another stream: time that passed in between says nothing. */
  startStream(): void {
    this.#last = undefined;
  }

  /**
   * Takes in a checkpoint: the feed's time in it, and when it came. Answers the point on the client's clock at which it was
   * true. Undefined: a clock jumped, so it cannot be told; the next checkpoint can be.
   */
  note(timeMs: number, arrivedAtMs: number): number | undefined {
    const offsetMs = arrivedAtMs - timeMs;
    const last = this.#last;
    this.#last = { timeMs, arrivedAtMs };
    if (this.#offsetMs === undefined) this.#offsetMs = offsetMs;
    if (isJump(this.#last, last) || offsetMs < this.#offsetMs - LIVE_WITHIN_MS) {
      this.#offsetMs = offsetMs;
      return undefined;
    }
    const driftMs = last === undefined ? 0 : (arrivedAtMs - last.arrivedAtMs) * DRIFT_RATIO;
    this.#offsetMs = Math.min(this.#offsetMs + driftMs, offsetMs);
    return timeMs + this.#offsetMs;
  }
}

function isJump(
  next: { timeMs: number; arrivedAtMs: number },
  last: { timeMs: number; arrivedAtMs: number } | undefined,
): boolean {
  if (last === undefined) return false;
  return next.timeMs < last.timeMs || next.arrivedAtMs - last.arrivedAtMs > JUMP_MS;
}
