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
  /** The client's clock less the feed's, for a checkpoint that is not late. Undefined: not known, or not any more. */
  #offsetMs: number | undefined;
  /** After a jump: the feed's time must go on from here before it is believed again. */
  #doubtedMs = Number.NEGATIVE_INFINITY;
  #last: Reading | undefined;

  /** The next checkpoint is of another stream: time that passed in between says nothing. */
  startStream(): void {
    this.#last = undefined;
  }

  /**
   * Takes in a checkpoint: the feed's time in it, and when it came. Answers the point on the client's clock at which it was
   * true. Undefined: a clock jumped, so it cannot be told; it can be once the feed's time goes on from there.
   */
  note(timeMs: number, arrivedAtMs: number): number | undefined {
    const offsetMs = arrivedAtMs - timeMs;
    const last = this.#last;
    const now = { timeMs, arrivedAtMs };
    this.#last = now;
    if (isJump(now, last) || (this.#offsetMs !== undefined && offsetMs < this.#offsetMs - LIVE_WITHIN_MS)) {
      this.#offsetMs = undefined;
      this.#doubtedMs = timeMs;
    }
    if (timeMs <= this.#doubtedMs) return undefined;
    const driftMs = last === undefined ? 0 : (arrivedAtMs - last.arrivedAtMs) * DRIFT_RATIO;
    this.#offsetMs = Math.min((this.#offsetMs ?? offsetMs) + driftMs, offsetMs);
    this.#doubtedMs = Number.NEGATIVE_INFINITY;
    return timeMs + this.#offsetMs;
  }
}

interface Reading {
  timeMs: number;
  arrivedAtMs: number;
}

/** Time may go back a little where a server that catches up goes over to what it tells all. */
function isJump(now: Reading, last: Reading | undefined): boolean {
  if (last === undefined) return false;
  return last.timeMs - now.timeMs > LIVE_WITHIN_MS || now.arrivedAtMs - last.arrivedAtMs > JUMP_MS;
}
